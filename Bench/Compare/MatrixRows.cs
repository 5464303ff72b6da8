using ManagedDyn.Bench.Peers;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>Matrix products with constant, packed weights beside ONNX Runtime, one thread.</summary>
internal static class MatrixRows
{
    public static BenchResult Measure(BenchRow row, double seconds)
    {
        int m = row.Integer("m");
        int n = row.Integer("n");
        int k = row.Integer("k");
        float[] left = Numbers.Random(m * k, 1);
        float[] right = Numbers.Random(k * n, 2);

        // Tensors, as an operator has them, and memory of the peer's own: both aligned to lines of the cache, which arrays are not.
        Tensor input = Tensor.From(new Shape(m, k), left);
        Tensor packed = Tensor.Zeros(new Shape(Panel.Length(k, n)));
        Panel.Pack(right, k, n, packed.Span);
        Tensor output = Tensor.Zeros(new Shape(m, n));
        Tensor scratch = Tensor.Zeros(new Shape(PackedMultiply.ScratchLength));
        MultiplyShape shape = new(m, k, n);
        using OnnxRuntimePeer peer = new(OnnxModel.MatrixMultiply(m, n, k, right), 1, left, [m, k], [m, n]);
        double[] times = Interleaved.Medians(
            seconds,
            () =>
            {
                Epilogue none = default;
                PackedMultiply.Multiply(in shape, input.Span, packed.Span, output.Span, in none, scratch.Span);
            },
            peer.Run);
        return new BenchResult(row, OnnxRuntimePeer.Version, times[0], times[1], times[1]);
    }
}
