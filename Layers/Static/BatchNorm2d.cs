using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Batch normalisation over all dimensions but the last, y = γ (x − mean) / √(variance + ε) + β: with the batch's statistics in Train mode, with
/// the running ones in Evaluate mode (Ioffe and Szegedy, "Batch Normalization", ICML 2015). Parameters are named as in PyTorch.
/// </summary>
public sealed class BatchNorm2d : Layer
{
    private readonly int _channels;
    private readonly float _momentum;
    private readonly float _epsilon;
    private Tensor _scale;
    private Tensor _shift;

    /// <summary>Makes a normalisation.</summary>
    /// <param name="channels">Channels.</param>
    /// <param name="momentum">The share of a batch in the new running statistics.</param>
    /// <param name="epsilon">ε.</param>
    public BatchNorm2d(int channels, float momentum = 0.1f, float epsilon = 1e-5f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        _channels = channels;
        _momentum = momentum;
        _epsilon = epsilon;
        Weight = AddParameter("weight", new Shape(channels), decays: false, firstValue: 1);
        Bias = AddParameter("bias", new Shape(channels), decays: false);
        RunningMean = AddParameter("running_mean", new Shape(channels), isTrainable: false);
        RunningVariance = AddParameter("running_var", new Shape(channels), isTrainable: false, firstValue: 1);
    }

    /// <summary>γ, [channels].</summary>
    public Parameter Weight { get; }

    /// <summary>β, [channels].</summary>
    public Parameter Bias { get; }

    /// <summary>[channels].</summary>
    public Parameter RunningMean { get; }

    /// <summary>[channels].</summary>
    public Parameter RunningVariance { get; }

    /// <summary>γ / √(variance + ε) of a frozen layer.</summary>
    internal Tensor Scale => _scale;

    /// <summary>β − mean · scale of a frozen layer.</summary>
    internal Tensor Shift => _shift;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank < 2 || input[-1] != _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, …, {_channels}].", nameof(input));
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return 0;
    }

    /// <summary>Normalises and applies an activation in one pass.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …, channels].</param>
    /// <param name="activation">The activation.</param>
    /// <param name="active">The rows that batch statistics are taken over; default: those of the context's <see cref="Context.ActiveSamples"/>.</param>
    /// <exception cref="InvalidOperationException">The layer is frozen and the context's mode is Train.</exception>
    public Tensor Forward(Context context, Tensor input, Activation activation, Selection active = default)
    {
        if (IsFrozen)
        {
            // Other threads may be using the statistics that training would change.
            return context.Mode == Mode.Evaluate
                ? context.ScaleShift(input, _scale, _shift, activation)
                : throw new InvalidOperationException("A frozen normalisation was run in Train mode; only a network that is not frozen can be trained.");
        }

        if (!active.Exists && context.Mode == Mode.Train && !context.ActiveSamples.IsAll)
        {
            active = ActiveRows(context, input.Shape[0]);
        }
        else if (!active.Exists && context.Mode == Mode.Train && input.Shape.RowCount < 2 && !context.Samples.IsAll)
        {
            // One sample of a batch came this way alone, and its map is one pixel: that has no variance.
            active = context.Workspace.Select(input.Shape[0], []);
        }

        return context.BatchNorm(
            input, Weight.Value, Bias.Value, RunningMean.Value, RunningVariance.Value, _momentum, _epsilon, activation, active);
    }

    /// <summary>The shift that training starts from.</summary>
    internal float InitialShift { get; set; }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Weight.Value.Span.Fill(1f);
        Bias.Value.Span.Fill(InitialShift);
        RunningMean.Value.Span.Clear();
        RunningVariance.Value.Span.Fill(1f);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        _scale = Tensor.Zeros(Weight.Value.Shape);
        _shift = Tensor.Zeros(Weight.Value.Shape);
        BatchNormFold.Run(
            Weight.Value.Span, Bias.Value.Span, RunningMean.Value.Span, RunningVariance.Value.Span, _epsilon, _scale.Span, _shift.Span);
    }

    // The rows of this batch that stand for active samples.
    private static Selection ActiveRows(Context context, int rows)
    {
        Selection samples = context.ActiveSamples;
        if (context.Samples.IsAll)
        {
            return samples;
        }

        Tensor marks = context.Workspace.RentZeros(new Shape(rows));
        for (int row = 0; row < rows; row++)
        {
            marks.Span[row] = samples.Indices.BinarySearch(context.SampleOf(row)) >= 0 ? 1 : 0;
        }

        return context.Workspace.SelectAtLeast(1, rows, marks.Span, 1);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, Activation.None);
}
