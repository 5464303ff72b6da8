using System;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace ManagedDyn.Bench.Peers;

/// <summary>One ONNX Runtime session with bound input and output.</summary>
internal sealed class OnnxRuntimePeer : IDisposable
{
    private static readonly string[] InputNames = ["X"];
    private static readonly string[] OutputNames = ["Y"];

    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtValue[] _inputs;
    private readonly OrtValue[] _outputs;

    public OnnxRuntimePeer(byte[] model, int threads, float[] input, long[] inputShape, float[] output, long[] outputShape)
        : this(model, threads)
    {
        _inputs = [OrtValue.CreateTensorValueFromMemory(input, inputShape)];
        _outputs = [OrtValue.CreateTensorValueFromMemory(output, outputShape)];
    }

    /// <summary>Binds memory of the peer's own, aligned as it likes best; arrays start anywhere in a line of the cache.</summary>
    public OnnxRuntimePeer(byte[] model, int threads, float[] input, long[] inputShape, long[] outputShape)
        : this(model, threads)
    {
        OrtValue own = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, inputShape);
        input.CopyTo(own.GetTensorMutableDataAsSpan<float>());
        _inputs = [own];
        _outputs = [OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, outputShape)];
    }

    private OnnxRuntimePeer(byte[] model, int threads)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        _session = new InferenceSession(model, options);
        _inputs = [];
        _outputs = [];
    }

    public static string Version => "ONNX Runtime " + OrtEnv.Instance().GetVersionString();

    public void Run() => _session.Run(_options, InputNames, _inputs, OutputNames, _outputs);

    public void Dispose()
    {
        _inputs[0].Dispose();
        _outputs[0].Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
