using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Adds to each step what tells its place: y[n, t] = x[n, t] + p[t], with waves p[t, 2i] = sin(t / 10000^(2i/C)), p[t, 2i + 1] = cos(t / 10000^(2i/C)) (Vaswani et
/// al., NeurIPS 2017, section 3.5) or trained vectors.
/// </summary>
public sealed class PositionalEncoding : Layer
{
    private readonly Parameter _places;
    private readonly bool _isTrained;

    /// <summary>Makes an encoding.</summary>
    /// <param name="longest">The most steps.</param>
    /// <param name="width">Channels of a step.</param>
    /// <param name="isTrained">Whether the vectors are trained; else they are waves.</param>
    public PositionalEncoding(int longest, int width, bool isTrained = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _isTrained = isTrained;
        _places = AddParameter(isTrained ? "weight" : "pe", new Shape(longest, width), isTrainable: isTrained);
        if (!isTrained)
        {
            FillWaves();
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _places.Shape[1] && input[1] <= _places.Shape[0]
        ? input
        : throw new ArgumentException($"The input has shape {input}; expected [N, at most {_places.Shape[0]} steps, {_places.Shape[1]}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => 0;

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        if (_isTrained)
        {
            Initializers.Normal(_places, random, 0.02f);
        }
        else
        {
            FillWaves();
        }
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        return context.Add(input, context.Slice(_places.Value, 0, 0, input.Shape[1]));
    }

    private void FillWaves()
    {
        (int longest, int width) = (_places.Shape[0], _places.Shape[1]);
        for (int t = 0; t < longest; t++)
        {
            for (int c = 0; c < width; c++)
            {
                double angle = t / Math.Pow(10000, 2 * (c / 2) / (double)width);
                _places.Value.Span[(t * width) + c] = (float)(c % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
            }
        }
    }
}
