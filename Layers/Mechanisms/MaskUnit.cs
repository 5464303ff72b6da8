using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Decides for each pixel of a block's output whether its residual branch runs there: logits l = conv₃ₓ₃(x) + fc(GAP x), active where l ≥ 0
/// (Verelst and Tuytelaars, "Dynamic convolutions: exploiting spatial sparsity for faster inference", CVPR 2020, section 3.1). While training the
/// mask is [σ((l + g₁ − g₂)/T) ≥ ½] with Gumbel noise g and the gradient of σ (straight-through); the noise is off at the end.
/// </summary>
/// <remarks>
/// With a granularity above 1 whole blocks of pixels are decided about, so that masks fit the tiles of fast convolutions: x is averaged over blocks
/// first and the logits are of the averages (an addition to the paper). The scores are the mask itself, [N, H, W]. As in the released code the
/// convolution has the block's stride, so that the mask is of its output's size. A dense start is another addition: masks drawn by chance let a network learn little
/// before it has features to draw them by.
/// </remarks>
public sealed class MaskUnit : DecisionRule
{
    /// <summary>The share of training with noise, if nothing else is said; as in the paper.</summary>
    internal const double UsualNoiseShare = 0.8;

    // The largest number below ½: a mask is 1 where the soft decision is at least ½, which is where the logit is at least 0.
    private static readonly float Half = MathF.BitDecrement(0.5f);

    // Initial logits of about ±1, where the gradient of the relaxation is large.
    private const float InitialScale = 0.25f;

    private readonly int _channels;
    private readonly int _stride;
    private readonly int _granularity;
    private readonly float _temperature;
    private readonly double _noiseShare;
    private readonly double _denseShare;
    private readonly Conv2d _conv;
    private readonly Linear _fc;

    /// <summary>Makes a rule.</summary>
    /// <param name="channels">Channels of the features.</param>
    /// <param name="stride">The stride of the block that it decides for.</param>
    /// <param name="granularity">Rows and columns of the blocks of output pixels that are decided about: 1, 2, 4 or 8.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="noiseShare">The share of training in which there is noise, 0 to 1.</param>
    /// <param name="denseShare">The share of training in which all pixels are active and the rule learns nothing yet, 0 to 1.</param>
    public MaskUnit(int channels, int stride = 1, int granularity = 1, float temperature = 1, double noiseShare = UsualNoiseShare, double denseShare = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        if (granularity is not (1 or 2 or 4 or 8))
        {
            throw new ArgumentOutOfRangeException(nameof(granularity), granularity, $"The granularity of a mask is {granularity}; expected 1, 2, 4 or 8.");
        }

        if (!(temperature > 0 && float.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "Expected a temperature above 0.");
        }

        if (!(noiseShare is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(noiseShare), noiseShare, "Expected a share from 0 to 1.");
        }

        if (!(denseShare is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(denseShare), denseShare, "Expected a share from 0 to 1.");
        }

        _channels = channels;
        _stride = stride;
        _granularity = granularity;
        _temperature = temperature;
        _noiseShare = noiseShare;
        _denseShare = denseShare;
        _conv = Add("conv", new Conv2d(channels, 1, 3, stride) { InitialScale = InitialScale });
        _fc = Add("fc", new Linear(channels, 1));
    }

    /// <summary>Rows and columns of the blocks of pixels that are decided about.</summary>
    public int Granularity => _granularity;

    /// <inheritdoc/>
    public override long CountMacs(Shape features)
    {
        Shape pooled = Pooled(features);
        return _conv.CountMacs(pooled) + _fc.CountMacs(new Shape(features[0], _channels));
    }

    /// <inheritdoc/>
    public override Decision Decide(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = features.Shape;
        Shape blocks = _conv.OutputShape(Pooled(shape));
        int height = (shape[1] + _stride - 1) / _stride;
        int width = (shape[2] + _stride - 1) / _stride;
        using WorkspaceScope scope = context.Workspace.Enter();
        if (context.Mode == Mode.Train && context.Progress < _denseShare)
        {
            Tensor all = context.Workspace.Rent(new Shape(shape[0], height, width));
            all.Span.Fill(1);
            Selection everywhere = context.Workspace.SelectAtLeast(shape[0], height * width, all.Span, Half);
            return new Decision(scope.Keep(everywhere), context.Decisions == Engine.Execution.Decisions.Hard ? default : scope.Keep(all));
        }

        Tensor logits = Logits(context, features, blocks);
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Selection chosen = context.Workspace.SelectAtLeast(blocks[0], blocks[1] * blocks[2], logits.Span, 0);
            return new Decision(scope.Keep(context.Workspace.RefinePixels(chosen, height, width, _granularity)), default, Granularity: _granularity);
        }

        Tensor soft = context.GumbelSigmoid(logits, Noise(context, logits.Shape), _temperature);
        Tensor mask = context.StraightThrough(soft, Half);
        if (_granularity > 1)
        {
            Tensor spread = context.Resize(mask, blocks[1] * _granularity, blocks[2] * _granularity, ResizeMode.Nearest);
            mask = context.Crop(spread, 0, 0, height, width);
        }

        mask = mask.Reshape(new Shape(shape[0], height, width));
        return new Decision(scope.Keep(context.Workspace.SelectAtLeast(shape[0], height * width, mask.Span, 0.5f)), scope.Keep(mask));
    }

    private Tensor Logits(Context context, Tensor features, Shape blocks)
    {
        Tensor pooled = _granularity == 1 ? features : context.AveragePool2d(features, _granularity, ceiling: true, countPadding: false);
        Tensor whole = _fc.Forward(context, context.GlobalAveragePool(pooled));
        return context.Add(_conv.Forward(context, pooled), whole.Reshape(new Shape(blocks[0], 1, 1, 1)));
    }

    private Tensor Noise(Context context, Shape shape)
    {
        if (context.Mode != Mode.Train || context.Progress >= _noiseShare)
        {
            return context.Workspace.RentZeros(shape);
        }

        return context.RentLogistic(shape, context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"mask {Number}")));
    }

    private Shape Pooled(Shape features)
    {
        if (features.Rank != 4 || features[3] != _channels)
        {
            throw new ArgumentException($"The features have shape {features}; expected [N, height, width, {_channels}].", nameof(features));
        }

        return features.With(1, (features[1] + _granularity - 1) / _granularity).With(2, (features[2] + _granularity - 1) / _granularity);
    }
}
