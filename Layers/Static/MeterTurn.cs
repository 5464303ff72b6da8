using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Static;

/// <summary>The time in which what is counted and timed belongs to one module, for entries into a layer other than <see cref="Layer.Forward"/>.</summary>
internal readonly ref struct MeterTurn
{
    private readonly ComputeMeter? _meter;
    private readonly int _outer;

    public MeterTurn(Context context, Module module)
    {
        _meter = context.Meter;
        if (_meter is not null)
        {
            _outer = _meter.Layer;
            _meter.Layer = module.Number;
        }
    }

    public void Dispose()
    {
        if (_meter is not null)
        {
            _meter.Layer = _outer;
        }
    }
}
