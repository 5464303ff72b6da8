using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// A convolution beside a cheap one that predicts where its rectifier gives 0, y = relu(norm(x ⊛ W)) ⊙ v with v = relu(norm(x ⊛ V)): where v is 0 the
/// expensive sum is not needed (Dong et al., "More is less: a more complicated network with less inference complexity", CVPR 2017, section 3).
/// </summary>
/// <remarks>
/// The cheap kernel gives one map for all channels, the paper's k × k × 1 form, so that whole pixels drop out; 1×1 by default. Both forms of running have one
/// rule: no relaxation is needed, since what is left out is exactly 0.
/// </remarks>
public sealed class LowCostConvolution : Layer
{
    /// <summary>The name of the term of the loss that tells the mean of v, so that an objective can ask for more zeros; an addition to the paper.</summary>
    public const string ActivityTerm = "activity";

    // Factors of about 1 at first: those that begin at 0 for every pixel would never learn.
    private const float InitialShift = 1;

    private readonly Conv2d _conv;
    private readonly BatchNorm2d _norm;
    private readonly ConvBlock _cheap;
    private readonly Activation _activation;
    private readonly float _mostFactor;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the expensive kernel.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="cheapKernel">Rows and columns of the cheap kernel, odd.</param>
    /// <param name="rectifies">Whether the expensive sums are rectified; not so at the end of a residual branch, y = norm(x ⊛ W) ⊙ v, which may have either sign.</param>
    /// <param name="mostFactor">
    /// What v is cut off at, min(v, most), which leaves its zeros as they are; none: the paper's form. Each layer doubles the degree of what comes out in what
    /// comes in, so that deep networks of the paper's form run away where statistics are not the batch's; 1 keeps the degree.
    /// </param>
    public LowCostConvolution(int inChannels, int outChannels, int kernel = 3, int stride = 1, int cheapKernel = 1, bool rectifies = true, float mostFactor = float.PositiveInfinity)
    {
        if (!(mostFactor > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(mostFactor), mostFactor, "Expected a largest factor above 0.");
        }

        _mostFactor = mostFactor;
        _activation = rectifies ? Activation.Relu : Activation.None;
        _conv = Add("conv", new Conv2d(inChannels, outChannels, kernel, stride, bias: false));
        _norm = Add("norm", new BatchNorm2d(outChannels));
        _cheap = Add("cheap", new ConvBlock(inChannels, 1, cheapKernel, stride));
        _cheap.Normalization.InitialShift = InitialShift;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    /// <inheritdoc/>
    /// <remarks>Of the expensive convolution at all pixels; the cheap one comes on top.</remarks>
    public override long CountMacs(Shape input) => _conv.CountMacs(input);

    /// <summary>What the cheap convolution costs, in MACs for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public long CountPredictionMacs(Shape input) => _cheap.CountMacs(input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Shape shape = OutputShape(input.Shape);
        Tensor factors = _cheap.Forward(context, input);
        if (factors.Shape != shape.With(-1, 1))
        {
            throw new InvalidOperationException($"The cheap convolution gives {factors.Shape}; expected {shape.With(-1, 1)}: both kernels are to be odd.");
        }

        // The smallest number above 0: what is not 0 is selected.
        Selection needed = context.Workspace.SelectAtLeast(shape[0], shape[1] * shape[2], factors.Span, float.Epsilon);
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Pixels,
                Rows = shape[0],
                Selected = needed,
                UnitMacs = CountMacs(input.Shape.With(0, 1)) / (shape[1] * shape[2]),
                MapHeight = shape[1],
                MapWidth = shape[2],
            });
        }

        factors = float.IsFinite(_mostFactor) ? context.Clamp(factors, 0, _mostFactor) : factors;
        if (context.Ledger is not null && context.Decisions == Engine.Execution.Decisions.Relaxed)
        {
            context.AddLossTerm(ActivityTerm, Number, context.Mean(factors));
        }

        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Conv2dSelection selection = new() { Pixels = isHard ? needed : default };
        if (isHard && IsFrozen && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = _norm.Scale, Shift = _norm.Shift, Activation = _activation };
            Tensor frozen = _conv.ForwardFused(context, input, in steps, in selection);
            return scope.Keep(context.MaskMultiply(frozen, factors));
        }

        // Before the layer is frozen what was not computed is 0 times a factor of 0.
        Tensor sums = context.Conv2d(input, _conv.Weight.Value, default, _conv.GeometryOf(input.Shape), in selection, _conv.Packed);
        Tensor normalized = _norm.Forward(context, sums, _activation, isHard ? needed : default);
        return scope.Keep(context.MaskMultiply(normalized, factors));
    }
}
