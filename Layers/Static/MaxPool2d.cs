using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>The largest value of each window and channel: [N, H, W, C] to [N, H′, W′, C] with H′ = ⌊(H + 2·padding − kernel) / stride⌋ + 1.</summary>
public sealed class MaxPool2d : Layer
{
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;

    /// <summary>Makes a pooling layer.</summary>
    /// <param name="kernel">Rows and columns of a window.</param>
    /// <param name="stride">Pixels between two windows; 0: as many as the kernel has.</param>
    /// <param name="padding">Pixels around the input that count as −∞; at most half the kernel.</param>
    public MaxPool2d(int kernel, int stride = 0, int padding = 0)
    {
        PoolingShape.Check(kernel, stride, padding);
        _kernel = kernel;
        _stride = stride == 0 ? kernel : stride;
        _padding = padding;
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
    protected override Tensor Run(Context context, Tensor input) => context.MaxPool2d(input, _kernel, _stride, _padding);
}
