using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// Chooses the size at which an image is worth looking at: z = W·GAP(two strided convolutions of the image, averaged to a small one) + b, the largest of z; relaxed,
/// softmax((z + Gumbel noise)/T) made hard with straight-through gradients (Zhu et al., "Dynamic resolution network", NeurIPS 2021, sections 3.1 and 3.2).
/// </summary>
/// <remarks>All sizes are equally probable at first.</remarks>
public sealed class ResolutionPredictor : DecisionRule
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _sizes;
    private readonly Sequential _features;
    private readonly Linear _head;
    private readonly ChoiceRelaxation _relaxation;

    /// <summary>Makes a predictor.</summary>
    /// <param name="inChannels">Channels of the image.</param>
    /// <param name="height">Rows of the small image.</param>
    /// <param name="width">Columns of the small image.</param>
    /// <param name="channels">Channels of the first convolution; the second has twice as many.</param>
    /// <param name="sizes">Sizes to choose among.</param>
    /// <param name="relaxation">How the choice is trained; none: Gumbel-softmax, hard forward.</param>
    public ResolutionPredictor(int inChannels, int height, int width, int channels, int sizes, ChoiceRelaxation? relaxation = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(sizes, 1);
        _height = height;
        _width = width;
        _sizes = sizes;
        _features = Add("features", new Sequential(
            new ConvBlock(inChannels, channels, 3, stride: 2),
            new ConvBlock(channels, 2 * channels, 3, stride: 2),
            new GlobalAveragePool()));
        _head = Add("head", new Linear(2 * channels, sizes) { StartsAtZero = true });
        _relaxation = relaxation ?? new GumbelSoftmaxRelaxation();
    }

    /// <inheritdoc/>
    /// <returns>The size of each image, a row each; the scores are one-hot when relaxed, else probabilities.</returns>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor small = context.AdaptiveAveragePool2d(features, _height, _width);
        Tensor logits = _head.Forward(context, _features.Forward(context, small));
        int samples = logits.Shape[0];
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Selection best = context.Workspace.SelectTop(samples, _sizes, logits.Span, 1);
            return new Decision(scope.Keep(best), scope.Keep(context.Softmax(logits)));
        }

        RelaxedChoice choice = _relaxation.Relax(context, logits, context.NoiseOf(this));
        Selection chosen = context.Workspace.SelectTop(samples, _sizes, choice.Scores.Span, 1);
        return new Decision(scope.Keep(chosen), scope.Keep(choice.Scores), choice.LogProbabilities.Exists ? scope.Keep(choice.LogProbabilities) : default);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape features)
    {
        Shape small = new(features[0], _height, _width, features[3]);
        return _features.CountMacs(small) + _head.CountMacs(_features.OutputShape(small));
    }
}
