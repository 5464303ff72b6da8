using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Dense prediction in two passes: a cheap head predicts on a coarse map, which is scaled up, and an expensive one, a network of two layers on
/// [features, coarse prediction], predicts anew for the pixels that are least certain (Kirillov et al., "PointRend: image segmentation as rendering", CVPR
/// 2020, section 3; the idea of a second pass where the first is unsure: Almahairi et al., "Dynamic capacity networks", ICML 2016).
/// </summary>
/// <remarks>
/// Certainty is the difference of the two largest logits of a pixel; with one logit, its distance from 0. Which pixels are refined is a rule without
/// parameters, so gradients flow through the refined pixels and the others alike and no relaxation is needed. PointRend trains on points that are partly random;
/// here they are those of inference. Gives logits for each pixel.
/// </remarks>
public sealed class PointRefinement : Layer
{
    private readonly int _factor;
    private readonly double _share;
    private readonly Conv2d _coarse;
    private readonly Linear _first;
    private readonly Linear _second;
    private readonly int _channels;
    private readonly int _classes;

    /// <summary>Makes a layer.</summary>
    /// <param name="channels">Channels of the features.</param>
    /// <param name="classes">Logits of a pixel.</param>
    /// <param name="hidden">Units of the expensive head.</param>
    /// <param name="factor">Pixels to one coarse pixel in each direction.</param>
    /// <param name="share">The share of pixels that are refined, 0 to 1.</param>
    public PointRefinement(int channels, int classes, int hidden, int factor = 4, double share = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(factor, 1);
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "Expected a share from 0 to 1.");
        }

        _channels = channels;
        _classes = classes;
        _factor = factor;
        _share = share;
        _coarse = Add("coarse", new Conv2d(channels, classes, 1));
        _first = Add("first", new Linear(channels + classes, hidden));
        _second = Add("second", new Linear(hidden, classes));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _coarse.OutputShape(input);

    /// <inheritdoc/>
    /// <remarks>With all pixels refined.</remarks>
    public override long CountMacs(Shape input)
    {
        Shape coarse = input.With(1, (input[1] + _factor - 1) / _factor).With(2, (input[2] + _factor - 1) / _factor);
        return _coarse.CountMacs(coarse) + (input[0] * PixelMacs() * input[1] * input[2]);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Shape shape = OutputShape(input.Shape);
        int pixels = shape[1] * shape[2];
        Tensor pooled = _factor == 1 ? input : context.AveragePool2d(input, _factor, ceiling: true, countPadding: false);
        Tensor prediction = context.Resize(_coarse.Forward(context, pooled), shape[1], shape[2]);
        int count = (int)Math.Round(_share * pixels);
        Selection chosen = context.Workspace.SelectTop(shape[0], pixels, Doubts(context, prediction).Span, count);
        Count(context, shape, pixels, chosen);
        if (chosen.IsEmpty)
        {
            return scope.Keep(prediction);
        }

        // Linear layers count by the sample; here a sample has several rows, which have been counted.
        ComputeMeter? meter = context.Meter;
        context.Meter = null;
        Tensor features = context.Concat(1, context.GatherPixels(input, chosen), context.GatherPixels(prediction, chosen));
        Tensor hidden = context.Relu(context.Linear(features, _first.Weight.Value, _first.Bias!.Value));
        Tensor refined = context.Linear(hidden, _second.Weight.Value, _second.Bias!.Value);
        context.Meter = meter;
        return scope.Keep(context.ScatterPixels(refined, chosen, shape[1], shape[2], prediction));
    }

    private long PixelMacs()
    {
        long hidden = _first.Weight.Shape[0];
        return (hidden * (_channels + _classes)) + (hidden * _classes);
    }

    // Minus the certainty of each pixel.
    private Tensor Doubts(Context context, Tensor prediction)
    {
        Tensor doubts = context.Workspace.Rent(new Shape(prediction.Shape.RowCount));
        ReadOnlySpan<float> logits = prediction.Span;
        for (int pixel = 0; pixel < doubts.Count; pixel++)
        {
            float first = float.NegativeInfinity;
            float second = float.NegativeInfinity;
            foreach (float logit in logits.Slice(pixel * _classes, _classes))
            {
                second = MathF.Max(second, MathF.Min(first, logit));
                first = MathF.Max(first, logit);
            }

            doubts.Span[pixel] = _classes == 1 ? -MathF.Abs(first) : second - first;
        }

        return doubts;
    }

    private void Count(Context context, Shape shape, int pixels, Selection chosen)
    {
        for (int sample = 0; sample < shape[0]; sample++)
        {
            context.CountRow(sample, chosen.RowCount(sample) * PixelMacs(), pixels * PixelMacs());
        }

        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Pixels,
                Rows = shape[0],
                Selected = chosen,
                UnitMacs = PixelMacs(),
                MapHeight = shape[1],
                MapWidth = shape[2],
            });
        }
    }
}
