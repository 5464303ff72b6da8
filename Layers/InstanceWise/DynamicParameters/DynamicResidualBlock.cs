using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// Basic residual block whose two convolutions have dynamic kernels, y = relu(norm(relu(norm(x ⊛ W₁(x))) ⊛ W₂(·)) + shortcut(x)); the shortcut is the
/// identity, or a static 1×1 convolution with normalisation where size or width change (<see cref="ResidualBlock"/>).
/// </summary>
public sealed class DynamicResidualBlock : Layer
{
    private readonly DynamicConvBlock _first;
    private readonly DynamicConvBlock _second;
    private readonly ConvBlock? _shortcut;

    /// <summary>Makes a block.</summary>
    /// <param name="first">The first convolution, without bias; its stride is the block's.</param>
    /// <param name="second">The second convolution, without bias.</param>
    /// <exception cref="ArgumentException">The second does not take what the first gives, or has a stride.</exception>
    public DynamicResidualBlock(DynamicKernelLayer first, DynamicKernelLayer second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (second.InChannels != first.OutChannels || second.Stride != 1)
        {
            throw new ArgumentException(
                $"The second convolution takes {second.InChannels} channels with stride {second.Stride}; expected {first.OutChannels} with stride 1.", nameof(second));
        }

        _first = Add("first", new DynamicConvBlock(first));
        _second = Add("second", new DynamicConvBlock(second));
        _shortcut = first.Stride == 1 && first.InChannels == second.OutChannels
            ? null
            : Add("shortcut", new ConvBlock(first.InChannels, second.OutChannels, 1, first.Stride, activation: Activation.None));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _second.OutputShape(_first.OutputShape(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) =>
        _first.CountMacs(input) + _second.CountMacs(_first.OutputShape(input)) + (_shortcut?.CountMacs(input) ?? 0);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input);
        return scope.Keep(_second.Forward(context, _first.Forward(context, input), shortcut));
    }
}
