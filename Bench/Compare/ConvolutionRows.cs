using System;
using ManagedDyn.Bench.Peers;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// Dense convolution beside ONNX Runtime, one thread. Layers that keep their shape run as a chain inside the peer, others are timed by the
/// peer's own profile: neither charges it for converting layouts at the border of its model.
/// </summary>
internal static class ConvolutionRows
{
    private const int Links = 8;

    public static BenchResult Measure(BenchRow row, double seconds)
    {
        OurConvolution ours = new(row);
        int batch = row.Integer("batch", 1);
        int inChannels = ours.Geometry.InChannels;
        int outChannels = ours.Geometry.OutChannels;
        int kernel = ours.Geometry.KernelHeight;
        int pad = ours.Geometry.PadTop;
        int stride = ours.Geometry.StrideHeight;
        long[] inputShape = [batch, inChannels, ours.Geometry.InHeight, ours.Geometry.InWidth];
        long[] outputShape = [batch, outChannels, ours.Geometry.OutHeight, ours.Geometry.OutWidth];
        int outputLength = batch * ours.Geometry.OutElements;
        Action run = row.Text("arithmetic", "fastest") == "direct" ? ours.Dense : ours.Fastest;
        bool isChain = inChannels == outChannels && stride == 1 && ours.Geometry.OutPixels == ours.Geometry.InPixels;
        int links = isChain ? Links : 1;

        // Weights small enough that a chain neither overflows nor falls into denormal numbers.
        float[] weights = ours.Weights;
        float scale = 2f / MathF.Sqrt(ours.Geometry.InChannelsPerGroup * kernel * kernel);
        float[] scaled = Array.ConvertAll(weights, w => w * scale);
        byte[] model = OnnxModel.Convolutions(
            links, batch, inChannels, ours.Geometry.InHeight, ours.Geometry.InWidth, outChannels, kernel, stride, pad, ours.Geometry.Groups, scaled);
        if (isChain)
        {
            using OnnxRuntimePeer peer = new(model, 1, ours.Input, inputShape, new float[outputLength], outputShape);
            double[] times = Interleaved.Medians(seconds, run, peer.Run);
            return new BenchResult(row, OnnxRuntimePeer.Version, times[0], times[1] / links, times[1] / links);
        }

        using OnnxRuntimeProfile profile = new(model, 1, ours.Input, inputShape, new float[outputLength], outputShape);
        double own = Interleaved.Medians(seconds, run, profile.Run)[0];
        double peerTime = profile.MedianMilliseconds("Conv");
        return new BenchResult(row, OnnxRuntimePeer.Version + ", its profile", own, peerTime, peerTime);
    }
}
