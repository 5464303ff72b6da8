using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Weighs the features of a map by what the map itself holds, y = x ⊙ A(x): [N, H, W, C] to the same. What stands behind it in a residual block, a
/// summand and an activation, is taken along in the pass that writes y.
/// </summary>
/// <remarks>
/// A weight for each channel is a dynamic kernel in disguise: (x ⊛ W) ⊙ a = x ⊛ (a ⊙ W) (Han et al., "Dynamic Neural Networks: A Survey", section
/// 2.3.3).
/// </remarks>
public abstract class FeatureAttention : Layer
{
    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    protected FeatureAttention(int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        Channels = channels;
    }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != Channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {Channels}].", nameof(input));
        }

        return input;
    }

    /// <summary>y = activation(x ⊙ A(x) + r).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, C].</param>
    /// <param name="residual">r, of x's shape; no tensor: none.</param>
    /// <param name="activation">What follows.</param>
    public Tensor Forward(Context context, Tensor input, Tensor residual, Activation activation)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Apply(context, input, residual, activation));
    }

    /// <summary>The hidden width of an attention's network: C / reduction, at least 1.</summary>
    /// <param name="channels">C.</param>
    /// <param name="reduction">The reduction.</param>
    protected static int Hidden(int channels, int reduction)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        return Math.Max(1, channels / reduction);
    }

    /// <summary>Computes activation(x ⊙ A(x) + r) within a scope of the workspace.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, of a shape that was checked.</param>
    /// <param name="residual">r; no tensor: none.</param>
    /// <param name="activation">What follows.</param>
    protected abstract Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation);

    /// <inheritdoc/>
    protected sealed override Tensor Run(Context context, Tensor input) => Forward(context, input, default, Activation.None);
}
