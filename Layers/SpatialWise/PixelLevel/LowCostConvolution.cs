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
    private readonly Conv2d _conv;
    private readonly BatchNorm2d _norm;
    private readonly ConvBlock _cheap;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the expensive kernel.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="cheapKernel">Rows and columns of the cheap kernel, odd.</param>
    public LowCostConvolution(int inChannels, int outChannels, int kernel = 3, int stride = 1, int cheapKernel = 1)
    {
        _conv = Add("conv", new Conv2d(inChannels, outChannels, kernel, stride, bias: false));
        _norm = Add("norm", new BatchNorm2d(outChannels));
        _cheap = Add("cheap", new ConvBlock(inChannels, 1, cheapKernel, stride));
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
            });
        }

        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Conv2dSelection selection = new() { Pixels = isHard ? needed : default };
        if (isHard && IsFrozen && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = _norm.Scale, Shift = _norm.Shift, Activation = Activation.Relu };
            Tensor frozen = _conv.ForwardFused(context, input, in steps, in selection);
            return scope.Keep(context.MaskMultiply(frozen, factors));
        }

        // Before the layer is frozen what was not computed is 0 times a factor of 0.
        Tensor sums = context.Conv2d(input, _conv.Weight.Value, default, _conv.GeometryOf(input.Shape), in selection, _conv.Packed);
        Tensor rectified = _norm.Forward(context, sums, Activation.Relu, isHard ? needed : default);
        return scope.Keep(context.MaskMultiply(rectified, factors));
    }
}
