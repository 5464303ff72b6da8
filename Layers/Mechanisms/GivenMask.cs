using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Pixels that are known before: a region of interest, the changed part of a picture, or a mask to measure a layer with. Samples share one mask, or
/// each has its own, by its number.
/// </summary>
public sealed class GivenMask : DecisionRule
{
    private readonly bool[] _mask;
    private readonly int _height;
    private readonly int _width;
    private readonly int _samples;
    private readonly bool[] _all;

    /// <summary>Takes a mask.</summary>
    /// <param name="height">Rows of the map that is decided about.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="mask">True where work is done: [height, width], or [samples, height, width].</param>
    /// <exception cref="ArgumentException">The mask does not hold whole maps.</exception>
    public GivenMask(int height, int width, ReadOnlySpan<bool> mask)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (mask.Length == 0 || mask.Length % (height * width) != 0)
        {
            throw new ArgumentException($"The mask has {mask.Length} entries; expected whole maps of {height} x {width}.", nameof(mask));
        }

        _height = height;
        _width = width;
        _samples = mask.Length / (height * width);
        _mask = mask.ToArray();
        _all = new bool[_samples];
        for (int i = 0; i < _samples; i++)
        {
            _all[i] = !mask.Slice(i * height * width, height * width).Contains(false);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A sample has no mask.</exception>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        int batch = features.Shape[0];
        int pixels = _height * _width;
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isAll = true;
        for (int row = 0; row < batch; row++)
        {
            isAll &= _all[Sample(context, row)];
        }

        Selection selected = isAll ? Selection.All(batch, pixels) : List(context, batch, pixels);
        Tensor scores = default;
        if (context.Decisions == Engine.Execution.Decisions.Relaxed)
        {
            scores = scope.Keep(context.MaskOf(selected).Reshape(new Shape(batch, _height, _width)));
        }

        return new Decision(scope.Keep(selected), scores);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features) => 0;

    private Selection List(Context context, int batch, int pixels)
    {
        if (_samples == 1 && batch == 1)
        {
            return context.Workspace.SelectMask(1, pixels, _mask);
        }

        // The selection takes true and false as the largest and smallest of scores.
        Tensor scores = context.Workspace.Rent(new Shape(batch, pixels));
        Span<float> values = scores.Span;
        for (int row = 0; row < batch; row++)
        {
            ReadOnlySpan<bool> own = _mask.AsSpan(Sample(context, row) * pixels, pixels);
            Span<float> target = values.Slice(row * pixels, pixels);
            for (int i = 0; i < pixels; i++)
            {
                target[i] = own[i] ? 1 : 0;
            }
        }

        return context.Workspace.SelectAtLeast(batch, pixels, values, 0.5f);
    }

    private int Sample(Context context, int row)
    {
        int sample = _samples == 1 ? 0 : context.SampleOf(row);
        return sample < _samples
            ? sample
            : throw new ArgumentException($"Sample {sample} has no mask; there are masks of {_samples} samples.");
    }
}
