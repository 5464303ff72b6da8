using System;
using System.Diagnostics;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Execution;

/// <summary>
/// Counts multiply–accumulate operations (MACs), by sample and by layer: those executed, and those that the dense network would have
/// executed in the places that were reached. Nominal MACs of direct arithmetic are counted, whatever arithmetic ran.
/// </summary>
/// <remarks>One MAC is one multiplication and one addition of a convolution, linear layer or matrix product; normalisation, pooling and
/// activations are not counted, as is usual in the field.</remarks>
public sealed class ComputeMeter
{
    private long[] _sampleExecuted = [];
    private long[] _sampleDense = [];
    private long[] _layerExecuted = new long[64];
    private long[] _layerDense = new long[64];
    private long[] _layerTicks = new long[64];
    private long _since;
    private int _layer;

    /// <summary>The number of samples of the batch that is counted.</summary>
    public int Samples { get; private set; }

    /// <summary>The number of layers that have counted something, or the highest number of one, plus 1.</summary>
    public int Layers { get; private set; } = 1;

    /// <summary>The number of the layer that runs: what operators record is counted for it. Layer 0 is the network as a whole.</summary>
    public int Layer
    {
        get => _layer;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            if (TimesLayers)
            {
                long now = Stopwatch.GetTimestamp();
                _layerTicks[_layer] += now - _since;
                _since = now;
            }

            _layer = value;
            if (value >= _layerExecuted.Length)
            {
                int length = Math.Max(64, value * 2);
                Array.Resize(ref _layerExecuted, length);
                Array.Resize(ref _layerDense, length);
                Array.Resize(ref _layerTicks, length);
            }

            Layers = Math.Max(Layers, value + 1);
        }
    }

    /// <summary>Whether the time that each layer takes, without the layers within it, is measured too.</summary>
    public bool TimesLayers { get; set; }

    /// <summary>Starts counting a new batch from zero.</summary>
    /// <param name="samples">The number of samples.</param>
    public void Begin(int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        if (samples > _sampleExecuted.Length)
        {
            _sampleExecuted = new long[samples];
            _sampleDense = new long[samples];
        }

        Samples = samples;
        Layer = 0;
        Array.Clear(_sampleExecuted, 0, samples);
        Array.Clear(_sampleDense, 0, samples);
        Array.Clear(_layerExecuted);
        Array.Clear(_layerDense);
        if (TimesLayers)
        {
            Array.Clear(_layerTicks);
            _since = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Counts what each row of a batch cost, the same for each.</summary>
    /// <param name="samples">The samples that the rows stand for, one row of the selection; none or all: row r is sample r.</param>
    /// <param name="rows">The number of rows.</param>
    /// <param name="executedMacs">MACs executed a row.</param>
    /// <param name="denseMacs">MACs that the dense network takes a row.</param>
    public void Record(Selection samples, int rows, long executedMacs, long denseMacs)
    {
        for (int row = 0; row < rows; row++)
        {
            RecordRow(samples, row, executedMacs, denseMacs);
        }
    }

    /// <summary>Counts what one row of a batch cost.</summary>
    /// <param name="samples">The samples that the rows stand for, one row of the selection; none or all: row r is sample r.</param>
    /// <param name="row">The row.</param>
    /// <param name="executedMacs">MACs executed.</param>
    /// <param name="denseMacs">MACs that the dense network takes.</param>
    public void RecordRow(Selection samples, int row, long executedMacs, long denseMacs)
    {
        int sample = samples.IsAll ? row : samples.Indices[row];
        if (sample >= Samples)
        {
            throw new InvalidOperationException($"Row {row} stands for sample {sample}, but the meter was begun for {Samples} samples.");
        }

        _sampleExecuted[sample] += executedMacs;
        _sampleDense[sample] += denseMacs;
        _layerExecuted[_layer] += executedMacs;
        _layerDense[_layer] += denseMacs;
    }

    /// <summary>MACs executed for one sample.</summary>
    /// <param name="sample">The sample.</param>
    public long ExecutedMacs(int sample) => _sampleExecuted[sample];

    /// <summary>MACs that the dense network would have taken for one sample, in the places reached.</summary>
    /// <param name="sample">The sample.</param>
    public long DenseMacs(int sample) => _sampleDense[sample];

    /// <summary>MACs executed in one layer, over all samples.</summary>
    /// <param name="layer">The layer's number.</param>
    public long LayerExecutedMacs(int layer) => layer < _layerExecuted.Length ? _layerExecuted[layer] : 0;

    /// <summary>MACs that the dense form of one layer would have taken, over all samples that reached it.</summary>
    /// <param name="layer">The layer's number.</param>
    public long LayerDenseMacs(int layer) => layer < _layerDense.Length ? _layerDense[layer] : 0;

    /// <summary>The time spent in one layer, without the layers within it; it is complete once the layer has ended.</summary>
    /// <param name="layer">The layer's number.</param>
    public TimeSpan LayerTime(int layer) =>
        layer < _layerTicks.Length ? Stopwatch.GetElapsedTime(0, _layerTicks[layer]) : TimeSpan.Zero;
}
