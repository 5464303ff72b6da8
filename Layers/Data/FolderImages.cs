using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Reads a folder of image files (.png, .jpg, .jpeg, .bmp) with a sub-folder for each class; or one with the folders <c>train</c> and, if there is a
/// test part, <c>test</c>, of that layout. Classes and files come in ordinal order of their names. The images are coloured unless all are grey.
/// </summary>
public static class FolderImages
{
    private const int MaximumFileBytes = 1 << 28;

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The decoder, the size, the seed and the fractions of the split.</param>
    /// <exception cref="ArgumentException">There is no decoder.</exception>
    /// <exception cref="ModelFileException">A file cannot be read, or the folder has not this layout.</exception>
    public static ImageSplits Open(string folder, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Decoder is null)
        {
            throw new ArgumentException($"A folder of image files was given without a decoder; expected {nameof(DatasetOptions)}.{nameof(DatasetOptions.Decoder)}.", nameof(options));
        }

        string training = Path.Combine(folder, "train");
        string test = Path.Combine(folder, "test");
        bool parted = Directory.Exists(training);
        if (!parted)
        {
            training = folder;
        }

        string[] classes = Classes(training);
        Shape? shape = null;
        Part first = Read(training, classes, options, ref shape);
        Part? second = null;
        if (parted && Directory.Exists(test))
        {
            foreach (string name in Classes(test))
            {
                if (Array.IndexOf(classes, name) < 0)
                {
                    throw new ModelFormatException(test, -1, $"the class {FileText.Quote(name)}", $"one of the {classes.Length} of {training}");
                }
            }

            second = Read(test, classes, options, ref shape);
        }

        bool grey = first.IsGrey && second is not { IsGrey: false };
        return ImageSplits.Make(DatasetFiles.NameOf(folder), first.Make(classes, shape!.Value, grey), second?.Make(classes, shape.Value, grey), options);
    }

    private static string[] Classes(string folder)
    {
        List<string> names = [];
        foreach (string path in Directory.GetDirectories(folder))
        {
            // Folders such as .git are no classes.
            string name = Path.GetFileName(path);
            if (!name.StartsWith('.'))
            {
                names.Add(name);
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names.Count > 1 ? [.. names] : throw new ModelFormatException(folder, -1, $"{names.Count} sub-folders", "one for each class, two or more");
    }

    private static Part Read(string folder, string[] classes, DatasetOptions options, ref Shape? shape)
    {
        Part part = new();
        for (int label = 0; label < classes.Length; label++)
        {
            string classFolder = Path.Combine(folder, classes[label]);
            if (!Directory.Exists(classFolder))
            {
                continue;
            }

            foreach (string path in DatasetFiles.In(classFolder))
            {
                if (Array.Exists(Extensions, extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)))
                {
                    DecodedImage image = Decode(path, options, shape);
                    shape ??= new Shape(image.Height, image.Width, 3);
                    part.Add(image, label, path, options.MaximumBytes);
                }
            }
        }

        return part.Count > 0 ? part : throw new ModelFormatException(folder, -1, "no image file", $"files {string.Join(", ", Extensions)} in sub-folders");
    }

    private static DecodedImage Decode(string path, DatasetOptions options, Shape? shape)
    {
        long length = new FileInfo(path).Length;
        if (length > MaximumFileBytes)
        {
            throw new ModelLimitException(path, -1, $"{length} bytes", $"at most {MaximumFileBytes} for an image");
        }

        DecodedImage image;
        try
        {
            image = options.Decoder!.Decode(File.ReadAllBytes(path));
        }
        catch (ModelFileException exception)
        {
            throw new ModelFormatException(path, exception.Offset, exception.Message, "an image file that can be read", exception);
        }

        if (options.ImageSize > 0)
        {
            return ImageResize.To(image, options.ImageSize, options.ImageSize);
        }

        if (shape is { } known && (known[0] != image.Height || known[1] != image.Width))
        {
            throw new ModelFormatException(path, -1, $"{image.Height} × {image.Width} pixels", $"{known[0]} × {known[1]} as the first image; or say what size to resize to");
        }

        return image;
    }

    private sealed class Part
    {
        private readonly List<DecodedImage> _images = [];
        private readonly List<int> _labels = [];
        private long _bytes;

        public bool IsGrey { get; private set; } = true;

        public int Count => _images.Count;

        public void Add(DecodedImage image, int label, string path, int maximumBytes)
        {
            _bytes += (long)image.Height * image.Width * 3;
            if (_bytes > maximumBytes)
            {
                throw new ModelLimitException(path, -1, $"{_bytes} bytes of pixels up to this image", $"at most {maximumBytes}");
            }

            IsGrey &= image.Channels == 1;
            _images.Add(image);
            _labels.Add(label);
        }

        public ImageDataset Make(string[] classes, Shape shape, bool grey)
        {
            int channels = grey ? 1 : 3;
            shape = shape.With(2, channels);
            byte[] pixels = new byte[checked(_images.Count * shape.Count)];
            for (int i = 0; i < _images.Count; i++)
            {
                Span<byte> destination = pixels.AsSpan(i * shape.Count, shape.Count);
                byte[] source = _images[i].Pixels;
                if (_images[i].Channels == channels)
                {
                    source.CopyTo(destination);
                    continue;
                }

                for (int j = 0; j < destination.Length; j++)
                {
                    destination[j] = source[j / 3];
                }
            }

            return ImageDataset.FromBytes(shape, pixels, [.. _labels], classes);
        }
    }
}
