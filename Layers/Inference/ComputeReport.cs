using System;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// What the last call of a session computed, layer by layer, over all its samples. It belongs to the session, which fills it anew at each
/// call. What each sample cost stands in its <see cref="Prediction"/>.
/// </summary>
public sealed class ComputeReport
{
    private readonly Model _model;
    private readonly long[] _executed;
    private readonly long[] _reached;
    private readonly TimeSpan[] _time;

    internal ComputeReport(Model model)
    {
        _model = model;
        _executed = new long[model.LayerCount];
        _reached = new long[model.LayerCount];
        _time = new TimeSpan[model.LayerCount];
    }

    /// <summary>The number of samples of the call.</summary>
    public int Samples { get; private set; }

    /// <summary>MACs executed, over all samples.</summary>
    public long MacsExecuted { get; private set; }

    /// <summary>What the whole network takes for all samples.</summary>
    public long MacsDense => Samples * _model.FullMacs;

    /// <summary>The number of layers, of which number 0 is the network as a whole.</summary>
    public int Layers => _executed.Length;

    /// <summary>The dotted path of a layer.</summary>
    /// <param name="layer">From 0 to <see cref="Layers"/>, exclusive.</param>
    public string LayerName(int layer) => _model.LayerName(layer);

    /// <summary>MACs executed in a layer itself, without the layers within it, over all samples.</summary>
    /// <param name="layer">From 0 to <see cref="Layers"/>, exclusive.</param>
    public long LayerMacsExecuted(int layer) => _executed[layer];

    /// <summary>MACs that a layer's dense form takes for the samples that reached it, without the layers within it.</summary>
    /// <param name="layer">From 0 to <see cref="Layers"/>, exclusive.</param>
    public long LayerMacsDense(int layer) => _reached[layer];

    /// <summary>The time a layer took, without the layers within it; zero unless <see cref="SessionOptions.TimeLayers"/> was asked for.</summary>
    /// <param name="layer">From 0 to <see cref="Layers"/>, exclusive.</param>
    public TimeSpan LayerTime(int layer) => _time[layer];

    internal void Begin(int samples)
    {
        Samples = samples;
        MacsExecuted = 0;
        Array.Clear(_executed);
        Array.Clear(_reached);
        Array.Clear(_time);
    }

    internal void Add(ComputeMeter meter)
    {
        for (int layer = 0; layer < _executed.Length; layer++)
        {
            _executed[layer] += meter.LayerExecutedMacs(layer);
            _reached[layer] += meter.LayerDenseMacs(layer);
            _time[layer] += meter.LayerTime(layer);
            MacsExecuted += meter.LayerExecutedMacs(layer);
        }
    }
}
