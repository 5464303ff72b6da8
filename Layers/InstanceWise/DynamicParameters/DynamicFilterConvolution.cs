using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Dynamic convolution of a dynamic filter network: a filter-generating network predicts one bank of filters for each sample, F = G(c), and y = x ⊛ F (De
/// Brabandere et al., "Dynamic Filter Networks", NIPS 2016, section 3). The condition c is the pooled input, or any features of the caller's, as another
/// frame or an instruction.
/// </summary>
/// <remarks>
/// G is a linear layer, or two with ReLU. With <see cref="NormalizesFilters"/> each filter is a softmax over its taps and input channels, as where the
/// paper moves pixels (section 4); without it, it is a network that makes another's weights from a condition (Ha et al., "HyperNetworks", ICLR 2017). The
/// filters of the paper are those of one channel; here a bank has all channels of a convolution.
/// </remarks>
public sealed class DynamicFilterConvolution : DynamicKernelLayer
{
    private readonly Linear? _hidden;
    private readonly Parameter _generatorWeight;
    private readonly Parameter _generatorBias;
    private PackedWeight? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="conditionFeatures">Features of the condition; 0: the condition is the pooled input.</param>
    /// <param name="hidden">Neurons of G's hidden layer; 0: G is linear.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    public DynamicFilterConvolution(
        int inChannels, int outChannels, int kernel, int conditionFeatures = 0, int hidden = 0, int stride = 1, int padding = -1, int dilation = 1,
        int groups = 1)
        : base(inChannels, outChannels, kernel, stride, padding, dilation, groups)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(conditionFeatures);
        ArgumentOutOfRangeException.ThrowIfNegative(hidden);
        ConditionFeatures = conditionFeatures == 0 ? inChannels : conditionFeatures;
        UsesPooledInput = conditionFeatures == 0;
        _hidden = hidden == 0 ? null : Add("hidden", new Linear(ConditionFeatures, hidden));
        _generatorWeight = AddParameter("generator_weight", new Shape(KernelElements, hidden == 0 ? ConditionFeatures : hidden));
        _generatorBias = AddParameter("generator_bias", new Shape(KernelElements), decays: false);
    }

    /// <summary>Features of the condition.</summary>
    public int ConditionFeatures { get; }

    /// <summary>Whether the condition is the pooled input where none is given.</summary>
    public bool UsesPooledInput { get; }

    /// <summary>Whether each filter is a softmax over its taps and input channels.</summary>
    public bool NormalizesFilters { get; init; } = true;

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = input[0] * (GeometryOf(input).MacsPerSample + _generatorWeight.Shape.Count);
        return macs + (_hidden?.CountMacs(new Shape(input[0], ConditionFeatures)) ?? 0);
    }

    /// <summary>Convolves with filters made from a condition.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <param name="condition">c, [N, condition features].</param>
    /// <exception cref="ArgumentException">The condition has another shape.</exception>
    public Tensor Forward(Context context, Tensor input, Tensor condition)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(ForwardFilters(context, input, Generate(context, input, condition)));
    }

    /// <summary>Convolves with filters that are given: normalised here if the layer does so.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <param name="filters">[N, out · in / groups · kernel · kernel], in the order out, in, row, column.</param>
    /// <exception cref="ArgumentException">The filters have another shape.</exception>
    public Tensor ForwardFilters(Context context, Tensor input, Tensor filters)
    {
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.PerSampleConv2d(input, Kernels(context, input, filters), default, in geometry));
    }

    /// <inheritdoc/>
    public override Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps)
    {
        RequireFusible(hasBias: false);
        ConvolutionGeometry geometry = GeometryOf(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor kernels = Kernels(context, input, Generate(context, input, default));
        return scope.Keep(context.PerSampleConv2dFused(input, kernels, in geometry, in steps));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        // The filters start as an ordinary kernel, the bias, with a part of about the same size that the condition decides.
        float deviation = NormalizesFilters ? 1f : KernelInitializers.Deviation(OutChannels, Kernel, Groups);
        Initializers.Normal(_generatorWeight, random, deviation / MathF.Sqrt(_generatorWeight.Shape[1]));
        Initializers.Normal(_generatorBias, random, deviation, stream: 1);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) =>
        _packed = PackedWeight.ForLinear(_generatorWeight.Shape[1], KernelElements, _generatorWeight.Value.Span);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(ForwardFilters(context, input, Generate(context, input, default)));
    }

    private Tensor Generate(Context context, Tensor input, Tensor condition)
    {
        Shape expected = new(input.Shape[0], ConditionFeatures);
        if (condition.Exists ? condition.Shape != expected : !UsesPooledInput)
        {
            throw new ArgumentException($"The condition is {condition}; expected shape {expected}.", nameof(condition));
        }

        Tensor features = condition.Exists ? condition : context.GlobalAveragePool(input);
        Tensor inner = _hidden is null ? features : context.Relu(_hidden.Forward(context, features));
        return context.Linear(inner, _generatorWeight.Value, _generatorBias.Value, packed: _packed);
    }

    private Tensor Kernels(Context context, Tensor input, Tensor filters)
    {
        int batch = input.Shape[0];
        if (filters.Shape != new Shape(batch, KernelElements))
        {
            throw new ArgumentException($"The filters have shape {filters.Shape}; expected {new Shape(batch, KernelElements)}.", nameof(filters));
        }

        Tensor rows = filters.Reshape(new Shape(batch * OutChannels, KernelElements / OutChannels));
        Tensor kernels = NormalizesFilters ? context.Softmax(rows) : rows;
        return kernels.Reshape(new Shape(batch, OutChannels, InChannels / Groups, Kernel, Kernel));
    }
}
