using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// A convolution whose kernel is mixed for each sample from several: y = x ⊛ (Σ over e of a_e · W_e) + Σ over e of a_e · b_e. How much each kernel counts is
/// told by the classes. It is one convolution, whatever the number of kernels; at inference they are mixed in packed form.
/// </summary>
public abstract class MixedKernelLayer : DynamicKernelLayer
{
    private readonly int _kernels;
    private PackedExperts? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="kernels">The number of kernels, at least 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="bias">Whether each kernel has a bias.</param>
    protected MixedKernelLayer(int inChannels, int outChannels, int kernel, int kernels, int stride, int padding, int dilation, int groups, bool bias)
        : base(inChannels, outChannels, kernel, stride, padding, dilation, groups)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(kernels, 1);
        _kernels = kernels;
        Weight = AddParameter("weight", new Shape(kernels, outChannels, inChannels / groups, kernel, kernel));
        Bias = bias ? AddParameter("bias", new Shape(kernels, outChannels), decays: false) : null;
    }

    /// <summary>[kernels, out, in / groups, kernel, kernel].</summary>
    public Parameter Weight { get; }

    /// <summary>[kernels, out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) =>
        (input[0] * MixedConvolution.MacsPerSample(GeometryOf(input), _kernels, Bias is not null)) + AttentionMacs(input[0]);

    /// <inheritdoc/>
    public override Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps)
    {
        RequireFusible(Bias is not null);
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor attention = Attend(context, input);
        RecordExperts(context, attention);
        return scope.Keep(context.MixedConv2dFused(input, attention, Weight.Value, _packed, in geometry, in steps));
    }

    /// <summary>How much each kernel counts.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <returns>[N, kernels].</returns>
    public abstract Tensor Attend(Context context, Tensor input);

    /// <summary>The MACs of <see cref="Attend"/>.</summary>
    /// <param name="samples">The number of samples.</param>
    protected abstract long AttentionMacs(int samples);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        KernelInitializers.HeNormalFanOut(Weight, random, Groups);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, InChannels / Groups * Kernel * Kernel, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedExperts.ForConvolution(SmallGeometry, _kernels, Weight.Value.Span, memory);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor attention = Attend(context, input);
        RecordExperts(context, attention);
        return scope.Keep(context.MixedConv2d(input, attention, Weight.Value, Bias?.Value ?? default, in geometry, _packed));
    }
}
