using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>A convolution with one normalisation for each size, y = activation(norm_k(x ⊛ W) + residual).</summary>
public sealed class SizedConvBlock : SizedLayer
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d[] _norms;
    private readonly Activation _activation;

    /// <summary>Makes a block.</summary>
    /// <param name="sizes">The number of sizes.</param>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel; the padding keeps the size at stride 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="activation">The function applied last.</param>
    public SizedConvBlock(int sizes, int inChannels, int outChannels, int kernel, int stride = 1, Activation activation = Activation.Relu)
        : base(sizes)
    {
        _conv = Add("conv", new Conv2d(inChannels, outChannels, kernel, stride, bias: false));
        _norms = new BatchNorm2d[sizes];
        for (int k = 0; k < sizes; k++)
        {
            _norms[k] = Add("norm" + k.ToString(CultureInfo.InvariantCulture), new BatchNorm2d(outChannels));
        }

        _activation = activation;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _conv.CountMacs(input);

    /// <summary>Runs the block with a summand before the activation.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="size">The number of the input's size.</param>
    /// <param name="residual">Of the output's shape; no tensor: none.</param>
    public Tensor Forward(Context context, Tensor input, int size, Tensor residual)
    {
        BatchNorm2d norm = _norms[size];
        if (IsFrozen && context.Mode == Mode.Evaluate)
        {
            using MeterTurn turn = new(context, _conv);
            FusedSteps steps = new() { Scale = norm.Scale, Shift = norm.Shift, Residual = residual, Activation = _activation };
            return _conv.ForwardFused(context, input, in steps);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor sums = _conv.Forward(context, input);
        if (!residual.Exists)
        {
            return scope.Keep(norm.Forward(context, sums, _activation));
        }

        Tensor total = context.Add(norm.Forward(context, sums), residual);
        return scope.Keep(_activation == Activation.Relu ? context.Relu(total) : total);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input, int size) => Forward(context, input, size, default);
}
