using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// A mixture of experts, y = Σ over the chosen e of g_e(x)·E_e(x), or x plus that: soft over all experts (Jacobs et al., 1991), of the k best (Shazeer et al.,
/// ICLR 2017) or of one (Fedus et al., 2022), as the gate decides. Only chosen experts run, each once on its samples side by side.
/// </summary>
/// <remarks>
/// An expert may be a mixture itself: then the outer gate chooses groups and the inner ones experts within them, y = Σ_i Σ_j g_i·g_ij·E_ij (Shazeer et al.,
/// appendix B; there the importance of an inner expert is weighed by its group's gate, here each mixture balances itself over the samples it gets).
/// The same body trains and answers: top-k gates are hard in training too, and their gradient is that of the softmax over what was kept.
/// </remarks>
public sealed class MixtureOfExperts : Layer
{
    private readonly DecisionRule _gate;
    private readonly Layer[] _experts;
    private readonly bool _isResidual;

    /// <summary>Makes a mixture.</summary>
    /// <param name="gate">Chooses experts: its scores are gates [N, experts].</param>
    /// <param name="isResidual">Whether the input is added, so that samples without an expert pass.</param>
    /// <param name="experts">At least one; all take the same shape and give the same.</param>
    public MixtureOfExperts(DecisionRule gate, bool isResidual, params ReadOnlySpan<Layer> experts)
    {
        if (experts.Length == 0)
        {
            throw new ArgumentException("A mixture was given no expert; expected at least one.", nameof(experts));
        }

        _gate = Add("gate", gate);
        _isResidual = isResidual;
        _experts = experts.ToArray();
        for (int e = 0; e < _experts.Length; e++)
        {
            Add("expert" + e.ToString(CultureInfo.InvariantCulture), _experts[e]);
        }
    }

    /// <summary>A fully connected expert, W₂·relu(W₁·x + b₁) + b₂.</summary>
    /// <param name="inFeatures">Inputs.</param>
    /// <param name="hidden">Units between.</param>
    /// <param name="outFeatures">Outputs.</param>
    public static Layer FullyConnected(int inFeatures, int hidden, int outFeatures) =>
        new Sequential(new Linear(inFeatures, hidden), new Activate(ActivationFunction.Relu), new Linear(hidden, outFeatures));

    /// <summary>A convolutional expert, the branch of a residual block: norm(relu(norm(x ⊛ W₁)) ⊛ W₂) with 3×3 kernels.</summary>
    /// <param name="channels">Channels of input and output.</param>
    /// <param name="hidden">Channels between.</param>
    public static Layer Convolutional(int channels, int hidden) =>
        new Sequential(new ConvBlock(channels, hidden, 3), new ConvBlock(hidden, channels, 3, activation: Engine.Kernels.Activation.None));

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        Shape output = _experts[0].OutputShape(input);
        foreach (Layer expert in _experts)
        {
            Shape other = expert.OutputShape(input);
            if (other != output)
            {
                throw new ArgumentException($"Experts turn shape {input} into {output} and {other}; expected one shape.", nameof(input));
            }
        }

        return _isResidual && output != input ? throw new ArgumentException($"Experts turn shape {input} into {output}; a residual mixture expects the same shape.", nameof(input)) : output;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = _gate.CountMacs(input);
        foreach (Layer expert in _experts)
        {
            macs += expert.CountMacs(input);
        }

        return macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = _gate.Decide(context, input);
        return scope.Keep(context.SendToExperts(Number, in decision, input, _experts, _isResidual ? input : default));
    }
}
