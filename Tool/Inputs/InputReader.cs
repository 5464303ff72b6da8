using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>
/// Reads files that a user names as inputs of a model: pictures, npy arrays, IDX files, and folders of these. Bytes get the model's
/// preprocessing; floating-point arrays are taken as they are.
/// </summary>
public sealed class InputReader
{
    private const string Expected = "a PNG, JPEG or BMP picture, an npy array or an IDX file";
    private const int HeadLength = 512;

    private readonly Shape _sample;

    public InputReader(Shape sample) => _sample = sample;

    /// <summary>The inputs in a file, or in the files of a folder in the order of their names.</summary>
    public IEnumerable<InputSample> Read(string path) => Directory.Exists(path) ? ReadFolder(path) : ReadFile(path);

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

    private List<InputSample> ReadFile(string path)
    {
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

        try
        {
            if (FileSniffer.IsNpy(start))
            {
                return ReadArray(path);
            }

            // IDX begins with two zero bytes and the type of unsigned bytes; packed ones are known by their name.
            if (start.StartsWith<byte>([0, 0, 8]) || (FileSniffer.IsGzip(start) && path.Contains("idx", StringComparison.Ordinal)))
            {
                return ReadIdx(path);
            }
        }
        catch (Exception e) when (e is ModelFileException or IOException)
        {
            throw new ToolException($"cannot read '{path}': {e.Message.TrimEnd('.')}", e);
        }

        throw new ToolException($"'{path}' is {FileSniffer.Describe(start)}; expected {Expected}");
    }

    private InputSample ReadPicture(string path)
    {
        CheckTakesPictures(path, "a picture");
        PixelImage image = ImageReader.Read(path);
        return new InputSample(path, Fit(image), null);
    }

    private List<InputSample> ReadIdx(string path)
    {
        DataArray<byte> array = IdxFile.Load(path);
        if (array.Shape.Rank is < 3 or > 4)
        {
            throw new ToolException($"'{path}' is an IDX file of shape {array.Shape}; expected images [N, height, width]");
        }

        CheckTakesPictures(path, "an IDX file of images");
        int height = array.Shape[1];
        int width = array.Shape[2];
        int channels = array.Shape.Rank == 4 ? array.Shape[3] : 1;
        if (channels is not (1 or 3) || height < 1 || width < 1)
        {
            throw new ToolException($"'{path}' is an IDX file of shape {array.Shape}; expected images with 1 or 3 channels");
        }

        int size = height * width * channels;
        List<InputSample> samples = [];
        for (int i = 0; i < array.Shape[0]; i++)
        {
            samples.Add(new InputSample(Numbered(path, i), Fit(new PixelImage(width, height, channels, array.Values.AsSpan(i * size, size).ToArray())), null));
        }

        return samples;
    }

    private List<InputSample> ReadArray(string path)
    {
        NpyArray array = NpyFile.Load(path);
        int count = CountSamples(array.Shape);
        if (count < 0)
        {
            throw new ToolException($"'{path}' is an array of shape {array.Shape}; the model takes {_sample}, alone or several in a row");
        }

        bool single = array.Shape.Count == _sample.Count && array.Shape.Rank <= _sample.Rank;
        int size = _sample.Count;
        List<InputSample> samples = [];
        if (array.Type == ElementType.U8)
        {
            for (int i = 0; i < count; i++)
            {
                samples.Add(new InputSample(single ? path : Numbered(path, i), array.Bytes.Slice(i * size, size).ToArray(), null));
            }

            return samples;
        }

        float[] values = new float[array.Shape.Count];
        array.CopyTo(values);
        for (int i = 0; i < count; i++)
        {
            string name = single ? path : Numbered(path, i);
            float[] sample = values.AsSpan(i * size, size).ToArray();
            CheckFinite(name, sample);
            samples.Add(new InputSample(name, null, sample));
        }

        return samples;
    }

    /// <summary>How many samples an array of a shape holds; −1 when it does not fit the model.</summary>
    private int CountSamples(Shape shape)
    {
        // A lone channel may be left out: [H, W] or [N, H, W].
        bool dropsChannel = _sample.Rank == 3 && _sample[2] == 1;
        foreach (int rank in dropsChannel ? new[] { _sample.Rank, _sample.Rank - 1 } : [_sample.Rank])
        {
            int lead = shape.Rank - rank;
            if (lead is not (0 or 1))
            {
                continue;
            }

            bool fits = true;
            for (int i = 0; i < rank; i++)
            {
                fits &= shape[lead + i] == _sample[i];
            }

            if (fits)
            {
                return lead == 0 ? 1 : shape[0];
            }
        }

        return -1;
    }

    private static void CheckFinite(string name, float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ToolException(string.Create(CultureInfo.InvariantCulture, $"'{name}': value {i} is {values[i]}; expected finite numbers"));
            }
        }
    }

    private byte[] Fit(PixelImage image) => ImageScaler.Fit(image, _sample[1], _sample[0], _sample[2]).Pixels;

    private void CheckTakesPictures(string path, string kind)
    {
        if (_sample.Rank != 3 || _sample[2] is not (1 or 3))
        {
            throw new ToolException($"'{path}' is {kind}; the model takes samples of shape {_sample}");
        }
    }

    private static string Numbered(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");
}
