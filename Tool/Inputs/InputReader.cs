using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>Reads files that a user names as inputs of a model: pictures, arrays, data-set files, and folders of these.</summary>
public sealed class InputReader
{
    private const int HeadLength = 512;

    private readonly Shape _sample;

    public InputReader(Shape sample) => _sample = sample;

    /// <summary>The inputs in a file, or in the files of a folder in the order of their names.</summary>
    public IEnumerable<InputSample> Read(string path)
    {
        if (!Directory.Exists(path))
        {
            return ReadFile(path);
        }

        return ReadFolder(path);
    }

    private IEnumerable<InputSample> ReadFolder(string path)
    {
        string[] files = Directory.GetFiles(path);
        Array.Sort(files, StringComparer.Ordinal);
        bool any = false;
        foreach (string file in files)
        {
            if (!IsInput(file))
            {
                continue;
            }

            any = true;
            foreach (InputSample sample in ReadFile(file))
            {
                yield return sample;
            }
        }

        if (!any)
        {
            throw new ToolException($"the folder '{path}' holds no picture, npy or IDX file");
        }
    }

    private static bool IsInput(string file)
        => Path.GetExtension(file).ToUpperInvariant() is ".PNG" or ".JPG" or ".JPEG" or ".BMP" or ".NPY" || file.Contains("idx3-ubyte", StringComparison.Ordinal);

    private IEnumerable<InputSample> ReadFile(string path)
    {
        const string Expected = "a PNG, JPEG or BMP picture, an npy array or an IDX file";
        byte[] head = new byte[HeadLength];
        int length;
        using (FileStream stream = InputFile.Open(path, Expected))
        {
            length = stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
        }

        ReadOnlySpan<byte> start = head.AsSpan(0, length);
        if (ImageReader.Recognizes(start))
        {
            return [ReadPicture(path)];
        }

        throw new ToolException($"'{path}' is {FileSniffer.Describe(start)}; expected {Expected}");
    }

    private InputSample ReadPicture(string path)
    {
        if (_sample.Rank != 3 || _sample[2] is not (1 or 3))
        {
            throw new ToolException($"'{path}' is a picture; the model takes samples of shape {_sample}");
        }

        PixelImage image = ImageReader.Read(path);
        return new InputSample(path, ImageScaler.Fit(image, _sample[1], _sample[0], _sample[2]).Pixels, null);
    }
}
