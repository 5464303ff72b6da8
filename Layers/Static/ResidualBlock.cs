using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Basic residual block, y = relu(norm(relu(norm(x ⊛ W₁)) ⊛ W₂) + shortcut(x)); the shortcut is the identity, or a 1×1 convolution with
/// normalisation where size or width change (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 3).
/// </summary>
public sealed class ResidualBlock : Layer
{
    private readonly ConvBlock _first;
    private readonly ConvBlock _second;
    private readonly ConvBlock? _shortcut;

    /// <summary>Makes a block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    public ResidualBlock(int inChannels, int outChannels, int stride = 1)
    {
        _first = Add("first", new ConvBlock(inChannels, outChannels, 3, stride));
        _second = Add("second", new ConvBlock(outChannels, outChannels, 3));
        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : Add("shortcut", new ConvBlock(inChannels, outChannels, 1, stride, activation: Activation.None));
    }

    /// <summary>The first 3×3 convolution.</summary>
    internal ConvBlock First => _first;

    /// <summary>The second 3×3 convolution, to which the shortcut is added.</summary>
    internal ConvBlock Second => _second;

    /// <summary>The 1×1 convolution of the shortcut; null: the identity.</summary>
    internal ConvBlock? Shortcut => _shortcut;

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
