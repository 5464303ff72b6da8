using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>y = activation(x · scale + shift) over chunks of rows, with a scale and a shift for each channel.</summary>
internal readonly struct AffineWork : IParallelWork
{
    private readonly Tensor _input;
    private readonly Tensor _scale;
    private readonly Tensor _shift;
    private readonly Activation _activation;
    private readonly Tensor _output;
    private readonly RowChunks _chunks;

    public AffineWork(Tensor input, Tensor scale, Tensor shift, Activation activation, Tensor output)
    {
        _input = input;
        _scale = scale;
        _shift = shift;
        _activation = activation;
        _output = output;
        _chunks = new RowChunks(input.Shape.RowCount, scale.Count);
    }

    public int Parts => _chunks.Count;

    public void Execute(int part)
    {
        int channels = _scale.Count;
        int start = _chunks.From(part) * channels;
        int length = (_chunks.To(part) * channels) - start;
        ChannelAffine.Forward(_input.Span.Slice(start, length), _scale.Span, _shift.Span, _activation, _output.Span.Slice(start, length));
    }
}
