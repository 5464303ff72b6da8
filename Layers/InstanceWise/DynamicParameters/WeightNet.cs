using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Convolution with predicted weights: α = σ(fc₁(reduce(GAP(x)))) has M values for each output channel, and the kernel is a grouped linear layer of α with
/// G groups for each output channel, W[o, …] = fc₂(α[o]) (Ma et al., "WeightNet: Revisiting the Design Space of Weight Networks", ECCV 2020, section 3).
/// </summary>
/// <remarks>
/// The space has known methods at its ends: fc₂ in one group with few α is CondConv, and with one α for each output channel that scales the whole channel it
/// is squeeze-and-excitation. For a depthwise convolution (groups = channels) there is one group for each channel with M / G inputs, as in the authors'
/// code. Rows of fc₂ are the kernel's entries in the order out, in, row, column; the convolution has no bias. The authors' code has a bias in the reducing
/// layer; here that is an option, off as in the paper's formula.
/// </remarks>
public sealed class WeightNet : DynamicKernelLayer
{
    private readonly Linear _reduce;
    private readonly Linear _first;
    private readonly int _fullGroups;
    private PackedWeight? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="inputsPerChannel">M, the values of α for each output channel, a multiple of G.</param>
    /// <param name="groupsPerChannel">G, the groups of fc₂ for each output channel; it divides the kernel's entries of an output channel.</param>
    /// <param name="hidden">Features that the pooled input is reduced to; 0: a sixteenth of the input's channels, and at least 16, as in the authors' code.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="isDepthwise">Whether each channel is convolved for itself; in and out channels are then as many.</param>
    /// <param name="reduceBias">Whether the reducing layer has a bias.</param>
    public WeightNet(
        int inChannels, int outChannels, int kernel, int inputsPerChannel = 2, int groupsPerChannel = 2, int hidden = 0, int stride = 1, int padding = -1,
        int dilation = 1, bool isDepthwise = false, bool reduceBias = false)
        : base(inChannels, outChannels, kernel, stride, padding, dilation, isDepthwise ? inChannels : 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputsPerChannel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(groupsPerChannel, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(hidden);
        if (isDepthwise && inChannels != outChannels)
        {
            throw new ArgumentException($"A depthwise layer has {inChannels} input and {outChannels} output channels; expected as many.", nameof(outChannels));
        }

        if (inputsPerChannel % groupsPerChannel != 0)
        {
            throw new ArgumentException($"M is {inputsPerChannel}; expected a multiple of G, {groupsPerChannel}.", nameof(inputsPerChannel));
        }

        int entries = KernelElements / outChannels;
        int groups = isDepthwise ? 1 : groupsPerChannel;
        if (entries % groups != 0)
        {
            throw new ArgumentException($"An output channel has {entries} kernel entries; expected a multiple of G, {groups}.", nameof(groupsPerChannel));
        }

        // The depthwise form has one group a channel whatever G is: only the ratio of M to G is left of it.
        int inputs = inputsPerChannel / groupsPerChannel;
        int width = hidden == 0 ? Math.Max(16, inChannels / 16) : hidden;
        _fullGroups = groups * outChannels;
        _reduce = Add("reduce", new Linear(inChannels, width, reduceBias));
        _first = Add("fc1", new Linear(width, _fullGroups * inputs));
        Weight = AddParameter("fc2_weight", new Shape(KernelElements, inputs));
    }

    /// <summary>fc₂, [kernel entries, M / G].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(input[0], InChannels);
        return (input[0] * (GeometryOf(input).MacsPerSample + Weight.Shape.Count)) + _reduce.CountMacs(pooled) + _first.CountMacs(_reduce.OutputShape(pooled));
    }

    /// <summary>The kernel of each sample.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <returns>[N, out, in / groups, kernel, kernel].</returns>
    public Tensor Predict(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor reduced = _reduce.Forward(context, context.GlobalAveragePool(input));
        Tensor alpha = context.Sigmoid(_first.Forward(context, reduced));
        Tensor kernels = GroupedProduct.Run(context, alpha, Weight.Value, _fullGroups, _packed);
        return scope.Keep(kernels).Reshape(new Shape(input.Shape[0], OutChannels, InChannels / Groups, Kernel, Kernel));
    }

    /// <inheritdoc/>
    public override Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps)
    {
        RequireFusible(hasBias: false);
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.PerSampleConv2dFused(input, Predict(context, input), in geometry, in steps));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        // α starts near ½, so a kernel's variance is a quarter of the sum of those of fc₂'s row.
        float deviation = 2f * KernelInitializers.Deviation(OutChannels, Kernel, Groups) / MathF.Sqrt(Weight.Shape[1]);
        Initializers.Normal(Weight, random, deviation);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) =>
        _packed = PackedWeight.ForConvolution(GroupedProduct.Geometry(_fullGroups * Weight.Shape[1], Weight.Shape[0], _fullGroups), Weight.Value.Span, memory);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.PerSampleConv2d(input, Predict(context, input), default, in geometry));
    }
}
