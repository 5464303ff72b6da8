using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Convolution without bias, batch normalisation and an activation, y = activation(norm(x ⊛ W) + residual): the brick that most networks are
/// built of. A frozen block runs as one convolution whose sums are scaled, shifted and activated as they are stored, with the same bits.
/// </summary>
public sealed class ConvBlock : Layer
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d _norm;
    private readonly Activation _activation;

    /// <summary>Makes a block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel; the padding keeps the size at stride 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <param name="activation">The function applied last.</param>
    public ConvBlock(int inChannels, int outChannels, int kernel, int stride = 1, int groups = 1, Activation activation = Activation.Relu)
    {
        _conv = Add("conv", new Conv2d(inChannels, outChannels, kernel, stride, groups: groups, bias: false));
        _norm = Add("norm", new BatchNorm2d(outChannels));
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
            FusedSteps steps = Steps(residual);
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

    /// <summary>Runs the block on selected channels: of input channels that are not taken as if they were 0; output channels that are not computed are 0.</summary>
    /// <param name="context">The context; its mode is Evaluate.</param>
    /// <param name="input">[N, H, W, in], or fewer channels when they are compact.</param>
    /// <param name="selection">The channels. A compact output needs a frozen block.</param>
    /// <exception cref="System.InvalidOperationException">The mode is Train, whose statistics are of all channels; or the output is compact and the block not frozen.</exception>
    public Tensor Forward(Context context, Tensor input, in Conv2dSelection selection)
    {
        if (context.Mode != Mode.Evaluate || (selection.CompactOutChannels && !IsFrozen))
        {
            throw new System.InvalidOperationException($"Selected channels were asked of a block in {context.Mode} mode that is {(IsFrozen ? "frozen" : "not frozen")}; expected Evaluate mode, and a frozen block for a compact output.");
        }

        if (IsFrozen)
        {
            FusedSteps steps = new() { Scale = _norm.Scale, Shift = _norm.Shift, Activation = _activation };
            return _conv.ForwardFused(context, input, in steps, in selection);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor output = _norm.Forward(context, _conv.Forward(context, input, in selection), _activation);

        // The shift of the normalisation has moved what was not computed away from 0.
        return scope.Keep(context.MaskChannels(output, selection.OutChannels));
    }

    /// <summary>The convolution.</summary>
    internal Conv2d Convolution => _conv;

    /// <summary>The normalisation.</summary>
    internal BatchNorm2d Normalization => _norm;

    /// <summary>What a frozen block does to each sum.</summary>
    internal FusedSteps Steps(Tensor residual) => new() { Scale = _norm.Scale, Shift = _norm.Shift, Residual = residual, Activation = _activation };

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);
}
