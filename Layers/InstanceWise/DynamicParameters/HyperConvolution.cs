using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Convolution whose kernel a hypernetwork makes from the layer's own embeddings z (Ha, Dai and Le, "HyperNetworks", ICLR 2017, section 3.1); see
/// <see cref="KernelGenerator"/>. What is learned for the layer is z alone; the hypernetwork may serve many layers.
/// </summary>
/// <remarks>
/// The kernel does not depend on the input: a frozen layer has made it once and is a plain convolution. A kernel that depends on the sample is
/// <see cref="DynamicFilterConvolution"/> without normalised filters.
/// </remarks>
public sealed class HyperConvolution : DynamicKernelLayer
{
    private readonly KernelGenerator _generator;
    private readonly int _outBlocks;
    private readonly int _inBlocks;
    private PackedWeight? _packed;
    private Tensor _frozen;

    /// <summary>Makes a layer.</summary>
    /// <param name="generator">The hypernetwork; the channels are multiples of its own.</param>
    /// <param name="ownsGenerator">Whether the hypernetwork's parameters are listed under this layer; exactly one of the layers that share it does.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <exception cref="ArgumentException">The channels are no multiples of the hypernetwork's.</exception>
    public HyperConvolution(
        KernelGenerator generator, bool ownsGenerator, int inChannels, int outChannels, int stride = 1, int padding = -1, int dilation = 1, bool bias = false)
        : base(inChannels, outChannels, Checked(generator, inChannels, outChannels).Kernel, stride, padding, dilation, 1)
    {
        _generator = ownsGenerator ? Add("generator", generator) : generator;
        _outBlocks = outChannels / generator.OutChannels;
        _inBlocks = inChannels / generator.InChannels;
        Embeddings = AddParameter("z", new Shape(_outBlocks * _inBlocks, generator.Embedding));
        Bias = bias ? AddParameter("bias", new Shape(outChannels), decays: false) : null;
    }

    /// <summary>z, [blocks of output channels · blocks of input channels, embedding].</summary>
    public Parameter Embeddings { get; }

    /// <summary>[out]; null without bias.</summary>
    public Parameter? Bias { get; }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => input[0] * GeometryOf(input).MacsPerSample;

    /// <summary>The layer's kernel.</summary>
    /// <param name="context">The context.</param>
    /// <returns>[out, in, kernel, kernel].</returns>
    public Tensor MakeKernel(Context context) => _frozen.Exists ? _frozen : _generator.Generate(context, Embeddings.Value, _outBlocks, _inBlocks);

    /// <inheritdoc/>
    public override Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps)
    {
        RequireFusible(Bias is not null);
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        return context.Conv2dFused(input, _packed!, in geometry, in steps);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.Normal(Embeddings, random, 1f);
        if (Bias is not null)
        {
            Initializers.UniformFanIn(Bias, random, InChannels * Kernel * Kernel, stream: 1);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        Tensor kernel = MakeKernel(new Context());
        _frozen = Tensor.From(kernel.Shape, kernel.Span);
        _packed = PackedWeight.ForConvolution(SmallGeometry, _frozen.Span, memory);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Conv2d(input, MakeKernel(context), Bias?.Value ?? default, in geometry, packed: _packed));
    }

    private static KernelGenerator Checked(KernelGenerator generator, int inChannels, int outChannels)
    {
        ArgumentNullException.ThrowIfNull(generator);
        if (inChannels % generator.InChannels != 0 || outChannels % generator.OutChannels != 0)
        {
            throw new ArgumentException(
                $"The layer has {inChannels} → {outChannels} channels; expected multiples of the hypernetwork's {generator.InChannels} → {generator.OutChannels}.", nameof(generator));
        }

        return generator;
    }
}
