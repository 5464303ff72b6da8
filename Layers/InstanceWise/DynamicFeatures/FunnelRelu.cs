using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// A rectifier with a condition that sees around it, y = max(x, norm(depthwise conv_k(x))) (Ma et al., "Funnel Activation for Visual Recognition",
/// ECCV 2020, section 3.2). [N, H, W, C] to the same.
/// </summary>
/// <remarks>The convolution has a bias, as in the authors' code; before a normalisation it does nothing, and a frozen layer does not pay for it.</remarks>
public sealed class FunnelRelu : Layer
{
    private readonly NormalizedConvolution _condition;

    /// <summary>Makes an activation.</summary>
    /// <param name="channels">C.</param>
    /// <param name="kernel">k, odd.</param>
    /// <param name="bias">Whether the convolution has a bias.</param>
    public FunnelRelu(int channels, int kernel = 3, bool bias = true)
    {
        if (kernel < 1 || kernel % 2 == 0)
        {
            throw new ArgumentOutOfRangeException(nameof(kernel), kernel, "The kernel of a funnel activation must be odd.");
        }

        _condition = Add("condition", new NormalizedConvolution(new Conv2d(channels, channels, kernel, groups: channels, bias: bias), true, Activation.None));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _condition.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _condition.CountMacs(input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Maximum(input, _condition.Forward(context, input)));
    }
}
