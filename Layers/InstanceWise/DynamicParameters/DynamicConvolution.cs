using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Dynamic convolution, DY-CNN: y = x ⊛ (Σ over k of π_k · W_k) + Σ over k of π_k · b_k with π = softmax(fc₂(relu(fc₁(GAP(x)))) / T) (Chen et al., "Dynamic
/// Convolution: Attention over Convolution Kernels", CVPR 2020, section 3). The temperature T falls from 30 to 1 over the first share of training, so that
/// at first all kernels learn (section 3.3).
/// </summary>
/// <remarks>
/// The paper anneals over the first ten epochs of several hundred; here it is a share of the training whatever its length. fc₁ has no bias, as in public
/// code. Outside of training T is its last value.
/// </remarks>
public sealed class DynamicConvolution : MixedKernelLayer
{
    private readonly Linear _first;
    private readonly Linear _second;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="kernels">The number of kernels, K.</param>
    /// <param name="hidden">Neurons of the attention's hidden layer; 0: a quarter of the input's channels, as in the paper, and at least 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="bias">Whether each kernel has a bias.</param>
    public DynamicConvolution(
        int inChannels, int outChannels, int kernel, int kernels = 4, int hidden = 0, int stride = 1, int padding = -1, int dilation = 1, int groups = 1,
        bool bias = true)
        : base(inChannels, outChannels, kernel, kernels, stride, padding, dilation, groups, bias)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(hidden);
        Kernels = kernels;
        int width = hidden == 0 ? Math.Max(1, inChannels / 4) : hidden;
        _first = Add("fc1", new Linear(inChannels, width, bias: false));
        _second = Add("fc2", new Linear(width, kernels));
    }

    /// <summary>The number of kernels.</summary>
    public int Kernels { get; }

    /// <summary>T at the start of training.</summary>
    public float InitialTemperature { get; init; } = 30f;

    /// <summary>T after annealing, and at inference.</summary>
    public float FinalTemperature { get; init; } = 1f;

    /// <summary>The share of training over which T falls, in a straight line.</summary>
    public double AnnealingShare { get; init; } = 0.1;

    /// <summary>T when a share of training is over.</summary>
    /// <param name="progress">From 0 to 1.</param>
    public float TemperatureAt(double progress)
    {
        double over = AnnealingShare > 0 ? Math.Clamp(progress / AnnealingShare, 0, 1) : 1;
        return (float)(InitialTemperature + ((FinalTemperature - InitialTemperature) * over));
    }

    /// <summary>How much each kernel counts.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <returns>π, [N, kernels]; each row sums to 1.</returns>
    public override Tensor Attend(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        float temperature = TemperatureAt(context.Mode == Mode.Train ? context.Progress : 1);
        Tensor hidden = context.Relu(_first.Forward(context, context.GlobalAveragePool(input)));
        return scope.Keep(context.Softmax(_second.Forward(context, hidden), temperature));
    }

    /// <inheritdoc/>
    protected override long AttentionMacs(int samples)
    {
        Shape pooled = new(samples, InChannels);
        return _first.CountMacs(pooled) + _second.CountMacs(_first.OutputShape(pooled));
    }
}
