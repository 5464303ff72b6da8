using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Files;

namespace ManagedDyn.Tool.Verification;

/// <summary>Recorded inputs, and the logits that belong to them: of the last exit, or of every exit.</summary>
public sealed record RecordedCase(string Name, Tensor Input, IReadOnlyList<Tensor> Outputs)
{
    private const string Expected = "an npz archive with 'input' and 'output' or 'output_0', 'output_1', …; or a folder in the layout of ONNX test data";
    private const int HeadLength = 512;
    private const long MaximumProtoBytes = 1L << 31;

    /// <summary>Reads an npz archive, a folder test_data_set_N with input_0 and output_0, … as .pb or .npy, or a folder of such folders.</summary>
    public static IReadOnlyList<RecordedCase> Load(string path)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                return [ReadArchive(path)];
            }

            string[] folders = Directory.GetDirectories(path, "test_data_set_*");
            Array.Sort(folders, StringComparer.Ordinal);
            if (folders.Length == 0)
            {
                return [ReadFolder(path)];
            }

            List<RecordedCase> cases = [];
            foreach (string folder in folders)
            {
                cases.Add(ReadFolder(folder));
            }

            return cases;
        }
        catch (Exception e) when (e is ModelFileException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot read recorded data from '{path}': {ToolException.Reason(e)}", e);
        }
    }

    private static RecordedCase ReadArchive(string path)
    {
        using (FileStream stream = InputFile.Open(path, Expected))
        {
            Span<byte> head = stackalloc byte[HeadLength];
            int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (!FileSniffer.IsZip(head[..length]))
            {
                throw new ToolException($"'{path}' is {FileSniffer.Describe(head[..length])}; expected {Expected}");
            }
        }

        IReadOnlyDictionary<string, NpyArray> arrays = NpzFile.Load(path);
        NpyArray? input = Find(arrays, "input") ?? Find(arrays, "input_0");
        List<Tensor> outputs = [];
        if (Find(arrays, "output") is { } single)
        {
            outputs.Add(single.ToTensor());
        }
        else
        {
            while (Find(arrays, string.Create(CultureInfo.InvariantCulture, $"output_{outputs.Count}")) is { } output)
            {
                outputs.Add(output.ToTensor());
            }
        }

        return input is not null && outputs.Count > 0
            ? new RecordedCase(path, input.ToTensor(), outputs)
            : throw new ToolException($"'{path}' holds {string.Join(", ", arrays.Keys)}; expected 'input' and 'output' or 'output_0', 'output_1', …");
    }

    private static NpyArray? Find(IReadOnlyDictionary<string, NpyArray> arrays, string name)
        => arrays.TryGetValue(name, out NpyArray? array) || arrays.TryGetValue(name + ".npy", out array) ? array : null;

    private static RecordedCase ReadFolder(string folder)
    {
        Tensor? input = ReadTensor(folder, "input_0");
        List<Tensor> outputs = [];
        while (ReadTensor(folder, string.Create(CultureInfo.InvariantCulture, $"output_{outputs.Count}")) is { } output)
        {
            outputs.Add(output);
        }

        return input is { } tensor && outputs.Count > 0
            ? new RecordedCase(folder, tensor, outputs)
            : throw new ToolException($"the folder '{folder}' has no input_0 and output_0 (.pb or .npy); expected {Expected}");
    }

    private static Tensor? ReadTensor(string folder, string name)
    {
        string proto = Path.Combine(folder, name + ".pb");
        string array = Path.Combine(folder, name + ".npy");
        if (File.Exists(proto))
        {
            return TensorProto.Read(InputFile.ReadAllBytes(proto, MaximumProtoBytes, "a tensor of ONNX test data"));
        }

        return File.Exists(array) ? NpyFile.Load(array).ToTensor() : null;
    }
}
