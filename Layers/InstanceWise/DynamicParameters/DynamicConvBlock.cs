using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// A convolution with a dynamic kernel and no bias, batch normalisation and an activation, y = activation(norm(x ⊛ W(x)) + residual). A frozen block scales,
/// shifts and activates the sums as they are stored, with the same bits.
/// </summary>
public sealed class DynamicConvBlock : Layer
{
    private readonly DynamicKernelLayer _conv;
    private readonly BatchNorm2d _norm;
    private readonly Activation _activation;

    /// <summary>Makes a block.</summary>
    /// <param name="convolution">The convolution, without bias.</param>
    /// <param name="activation">The function applied last.</param>
    public DynamicConvBlock(DynamicKernelLayer convolution, Activation activation = Activation.Relu)
    {
        ArgumentNullException.ThrowIfNull(convolution);
        _conv = Add("conv", convolution);
        _norm = Add("norm", new BatchNorm2d(convolution.OutChannels));
        _activation = activation;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _conv.CountMacs(input);

    /// <summary>Runs the block with a summand before the activation.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="residual">Of the output's shape; no tensor: none.</param>
    public Tensor Forward(Context context, Tensor input, Tensor residual)
    {
        if (IsFrozen && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = _norm.Scale, Shift = _norm.Shift, Residual = residual, Activation = _activation };
            return _conv.ForwardFused(context, input, in steps);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor sums = _conv.Forward(context, input);
        if (!residual.Exists)
        {
            return scope.Keep(_norm.Forward(context, sums, _activation));
        }

        Tensor total = context.Add(_norm.Forward(context, sums), residual);
        return scope.Keep(_activation == Activation.Relu ? context.Relu(total) : total);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);
}
