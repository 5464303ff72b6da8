using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// Elastic residual block: half of its paths look at the image as it is and half at one of half the size, y = relu(F(x) + up(G(down(x))) + shortcut(x)), so that
/// training finds the scale at which each block works best (Wang et al., "ELASTIC: improving CNNs with dynamic scaling policies", CVPR 2019, section 3). F and G are
/// 1×1, 3×3 and 1×1 convolutions; down averages 2×2 pixels, up is bilinear.
/// </summary>
/// <remarks>
/// The policy is one of the trained weights, not of the sample: an image of large objects activates G more than F. Half of the 3×3 arithmetic takes place on a
/// quarter of the pixels.
/// </remarks>
public sealed class ElasticBlock : Layer
{
    private readonly ConvBlock _fineIn;
    private readonly ConvBlock _fine;
    private readonly ConvBlock _fineOut;
    private readonly ConvBlock _coarseIn;
    private readonly ConvBlock _coarse;
    private readonly ConvBlock _coarseOut;
    private readonly ConvBlock? _shortcut;

    /// <summary>Makes a block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="inner">Channels of each of the two 3×3 convolutions.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    public ElasticBlock(int inChannels, int outChannels, int inner, int stride = 1)
    {
        _fineIn = Add("fine_in", new ConvBlock(inChannels, inner, 1));
        _fine = Add("fine", new ConvBlock(inner, inner, 3, stride));
        _fineOut = Add("fine_out", new ConvBlock(inner, outChannels, 1, activation: Activation.None));
        _coarseIn = Add("coarse_in", new ConvBlock(inChannels, inner, 1));
        _coarse = Add("coarse", new ConvBlock(inner, inner, 3, stride));
        _coarseOut = Add("coarse_out", new ConvBlock(inner, outChannels, 1, activation: Activation.None));
        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : Add("shortcut", new ConvBlock(inChannels, outChannels, 1, stride, activation: Activation.None));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _fineOut.OutputShape(_fine.OutputShape(_fineIn.OutputShape(input)));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape small = input.With(1, (input[1] + 1) / 2).With(2, (input[2] + 1) / 2);
        return Macs(input, _fineIn, _fine, _fineOut) + Macs(small, _coarseIn, _coarse, _coarseOut) + (_shortcut?.CountMacs(input) ?? 0);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor small = context.AdaptiveAveragePool2d(input, (input.Shape[1] + 1) / 2, (input.Shape[2] + 1) / 2);
        Tensor coarse = _coarseOut.Forward(context, _coarse.Forward(context, _coarseIn.Forward(context, small)));
        Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input);
        Tensor sum = _fineOut.Forward(context, _fine.Forward(context, _fineIn.Forward(context, input)), shortcut);
        Tensor lifted = context.Resize(coarse, sum.Shape[1], sum.Shape[2], ResizeMode.Bilinear);
        return scope.Keep(context.Relu(context.Add(sum, lifted)));
    }

    private static long Macs(Shape input, ConvBlock first, ConvBlock second, ConvBlock third)
    {
        Shape between = second.OutputShape(first.OutputShape(input));
        return first.CountMacs(input) + second.CountMacs(first.OutputShape(input)) + third.CountMacs(between);
    }
}
