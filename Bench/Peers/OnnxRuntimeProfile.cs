using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

namespace ManagedDyn.Bench.Peers;

/// <summary>
/// Times one kind of node inside ONNX Runtime by its own profile, so that the peer is not charged for converting layouts at the border of
/// a one-layer model.
/// </summary>
internal sealed class OnnxRuntimeProfile : IDisposable
{
    private static readonly string[] InputNames = ["X"];
    private static readonly string[] OutputNames = ["Y"];

    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtValue[] _inputs;
    private readonly OrtValue[] _outputs;

    public OnnxRuntimeProfile(byte[] model, int threads, float[] input, long[] inputShape, float[] output, long[] outputShape)
    {
        using SessionOptions options = new()
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            EnableProfiling = true,
            ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), "managed-dyn-" + Guid.NewGuid().ToString("N")),
        };
        _session = new InferenceSession(model, options);
        _inputs = [OrtValue.CreateTensorValueFromMemory(input, inputShape)];
        _outputs = [OrtValue.CreateTensorValueFromMemory(output, outputShape)];
    }

    public void Run() => _session.Run(_options, InputNames, _inputs, OutputNames, _outputs);

    /// <summary>Ends the session and gives the median time of one node of this kind, in milliseconds; the first runs are left out.</summary>
    public double MedianMilliseconds(string operatorName)
    {
        string path = _session.EndProfiling();
        List<double> microseconds = [];
        using (JsonDocument profile = JsonDocument.Parse(File.ReadAllBytes(path)))
        {
            foreach (JsonElement item in profile.RootElement.EnumerateArray())
            {
                if (item.TryGetProperty("args", out JsonElement arguments)
                    && arguments.TryGetProperty("op_name", out JsonElement name)
                    && name.GetString() == operatorName
                    && item.GetProperty("name").GetString()!.EndsWith("_kernel_time", StringComparison.Ordinal))
                {
                    microseconds.Add(item.GetProperty("dur").GetDouble());
                }
            }
        }

        File.Delete(path);
        if (microseconds.Count == 0)
        {
            throw new InvalidDataException($"The profile of ONNX Runtime has no {operatorName} node.");
        }

        microseconds.RemoveRange(0, microseconds.Count / 4);
        microseconds.Sort();
        return microseconds[microseconds.Count / 2] / 1000;
    }

    public void Dispose()
    {
        _inputs[0].Dispose();
        _outputs[0].Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
