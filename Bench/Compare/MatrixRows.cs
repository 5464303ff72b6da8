using ManagedDyn.Bench.Peers;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

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
        float[] packed = new float[Panel.Length(k, n)];
        Panel.Pack(right, k, n, packed);
        float[] output = new float[m * n];
        float[] scratch = new float[PackedMultiply.ScratchLength];
        MultiplyShape shape = new(m, k, n);
        using OnnxRuntimePeer peer = new(OnnxModel.MatrixMultiply(m, n, k, right), 1, left, [m, k], new float[m * n], [m, n]);
        double[] times = Interleaved.Medians(
            seconds,
            () =>
            {
                Epilogue none = default;
                PackedMultiply.Multiply(in shape, left, packed, output, in none, scratch);
            },
            peer.Run);
        return new BenchResult(row, OnnxRuntimePeer.Version, times[0], times[1], times[1]);
    }
}
