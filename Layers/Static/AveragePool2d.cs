using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>The mean of each window and channel: [N, H, W, C] to [N, H′, W′, C] with H′ = ⌊(H + 2·padding − kernel) / stride⌋ + 1.</summary>
public sealed class AveragePool2d : Layer
{
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;
    private readonly bool _countsPadding;

    /// <summary>Makes a pooling layer.</summary>
    /// <param name="kernel">Rows and columns of a window.</param>
    /// <param name="stride">Pixels between two windows; 0: as many as the kernel has.</param>
    /// <param name="padding">Zeros around the input; at most half the kernel.</param>
    /// <param name="countsPadding">Whether the zeros count in the mean.</param>
    public AveragePool2d(int kernel, int stride = 0, int padding = 0, bool countsPadding = true)
    {
        PoolingShape.Check(kernel, stride, padding);
        _kernel = kernel;
        _stride = stride == 0 ? kernel : stride;
        _padding = padding;
        _countsPadding = countsPadding;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => PoolingShape.Output(input, _kernel, _stride, _padding);

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return 0;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) =>
        context.AveragePool2d(input, _kernel, _stride, _padding, countPadding: _countsPadding);
}
