using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Conditionally parameterised convolution: y = x ⊛ (Σ over e of a_e · W_e) + Σ over e of a_e · b_e with a = σ(R · GAP(x) + r) (Yang et al., "CondConv:
/// Conditionally Parameterized Convolutions for Efficient Inference", NeurIPS 2019, section 3). It is one convolution, whatever the number of experts.
/// </summary>
/// <remarks>
/// The weights are [experts, out, in / groups, kernel, kernel]; public code keeps them flattened to [experts, …]. The paper's experts have no bias, that
/// code has an option for one. The routing sees the layer's own input.
/// </remarks>
public sealed class CondConv : MixedKernelLayer
{
    private readonly Linear _routing;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="experts">The number of kernels.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="bias">Whether each expert has a bias.</param>
    public CondConv(
        int inChannels, int outChannels, int kernel, int experts = 8, int stride = 1, int padding = -1, int dilation = 1, int groups = 1, bool bias = false)
        : base(inChannels, outChannels, kernel, experts, stride, padding, dilation, groups, bias)
    {
        Experts = experts;
        _routing = Add("routing", new Linear(inChannels, experts));
    }

    /// <summary>The number of kernels.</summary>
    public int Experts { get; }

    /// <summary>How much each expert counts: a = σ(R · GAP(x) + r).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, in].</param>
    /// <returns>[N, experts], each from 0 to 1.</returns>
    public override Tensor Attend(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Sigmoid(_routing.Forward(context, context.GlobalAveragePool(input))));
    }

    /// <inheritdoc/>
    protected override long AttentionMacs(int samples) => _routing.CountMacs(new Shape(samples, InChannels));
}
