using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data.Video;

/// <summary>
/// Reads videos as folders of numbered frames: a sub-folder for each class, in it one for each video, in it image files (.png, .jpg, .jpeg, .bmp) in the order of
/// their numbers; or the same within the folders <c>train</c> and <c>test</c>. Of each video as many frames are taken as asked for, evenly from its first to its
/// last; shorter ones repeat frames. Videos are coloured unless all are grey.
/// </summary>
public static class FrameFolders
{
    private const int MaximumFileBytes = 1 << 28;

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".bmp"];

    /// <summary>Whether a folder holds classes of folders of frames.</summary>
    /// <param name="folder">The folder.</param>
    public static bool Recognise(string folder)
    {
        string training = Path.Combine(folder, "train");
        foreach (string classFolder in Folders(Directory.Exists(training) ? training : folder))
        {
            foreach (string video in Folders(classFolder))
            {
                return FramesIn(video).Length > 0;
            }
        }

        return false;
    }

    /// <summary>The frames in a folder in the order of their numbers: "frame2" comes before "frame10".</summary>
    /// <param name="folder">The folder.</param>
    public static string[] FramesIn(string folder)
    {
        string[] files = Array.FindAll(Directory.GetFiles(folder), path => Array.Exists(Extensions, extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase)));
        Array.Sort(files, CompareNumbered);
        return files;
    }

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">The decoder, the size of a frame, the number of frames, the seed and the fractions of the split.</param>
    /// <exception cref="ArgumentException">There is no decoder.</exception>
    /// <exception cref="ModelFileException">A file cannot be read, or the folder has not this layout.</exception>
    public static VideoSplits Open(string folder, DatasetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Decoder is null)
        {
            throw new ArgumentException($"A folder of frames was given without a decoder; expected {nameof(DatasetOptions)}.{nameof(DatasetOptions.Decoder)}.", nameof(options));
        }

        string training = Path.Combine(folder, "train");
        string test = Path.Combine(folder, "test");
        bool isParted = Directory.Exists(training);
        training = isParted ? training : folder;
        string[] classes = Array.ConvertAll(Folders(training), path => Path.GetFileName(path)!);
        if (classes.Length < 2)
        {
            throw new ModelFormatException(training, -1, $"{classes.Length} sub-folders", "one for each class, two or more");
        }

        Part first = Read(training, classes, options, null);
        Part? second = isParted && Directory.Exists(test) ? Read(test, classes, options, first) : null;
        bool isGrey = first.IsGrey && second is not { IsGrey: false };
        ImageSplits sheets = ImageSplits.Make(DatasetFiles.NameOf(folder), first.Make(classes, isGrey), second?.Make(classes, isGrey), options);
        return new VideoSplits(sheets, options.Frames);
    }

    /// <summary>Which frame of a video stands at a place among those taken, evenly from the first to the last.</summary>
    /// <param name="place">From 0 to <paramref name="taken"/> − 1.</param>
    /// <param name="taken">The number of frames taken.</param>
    /// <param name="frames">The number of frames that there are, at least 1.</param>
    public static int Pick(int place, int taken, int frames) => taken == 1 ? (frames - 1) / 2 : (int)((((long)place * (frames - 1) * 2) + (taken - 1)) / (2L * (taken - 1)));

    private static Part Read(string folder, string[] classes, DatasetOptions options, Part? like)
    {
        Part part = new(options, like);
        foreach (string path in Folders(folder))
        {
            int label = Array.IndexOf(classes, Path.GetFileName(path));
            if (label < 0)
            {
                throw new ModelFormatException(folder, -1, $"the class {FileText.Quote(Path.GetFileName(path))}", $"one of the {classes.Length} of the training part");
            }

            foreach (string video in Folders(path))
            {
                string[] frames = FramesIn(video);
                if (frames.Length == 0)
                {
                    throw new ModelFormatException(video, -1, "no image file", $"frames {string.Join(", ", Extensions)}");
                }

                part.Add(frames, label);
            }
        }

        return part.Count > 0 ? part : throw new ModelFormatException(folder, -1, "no video", "a sub-folder of frames for each, in a sub-folder for each class");
    }

    private static string[] Folders(string folder)
    {
        // Folders such as .git are no videos.
        string[] folders = Array.FindAll(Directory.GetDirectories(folder), path => !Path.GetFileName(path).StartsWith('.'));
        Array.Sort(folders, StringComparer.Ordinal);
        return folders;
    }

    // Digits count as numbers, all else by its characters; of equal names the ordinal order decides.
    private static int CompareNumbered(string left, string right)
    {
        ReadOnlySpan<char> a = Path.GetFileName(left.AsSpan());
        ReadOnlySpan<char> b = Path.GetFileName(right.AsSpan());
        while (a.Length > 0 && b.Length > 0)
        {
            int digitsA = Digits(a);
            int digitsB = Digits(b);
            int order = digitsA > 0 && digitsB > 0 ? CompareNumbers(a[..digitsA], b[..digitsB]) : a[0].CompareTo(b[0]);
            if (order != 0)
            {
                return order;
            }

            a = a[Math.Max(1, digitsA)..];
            b = b[Math.Max(1, digitsB)..];
        }

        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(left, right);
    }

    private static int Digits(ReadOnlySpan<char> text)
    {
        int count = 0;
        while (count < text.Length && char.IsAsciiDigit(text[count]))
        {
            count++;
        }

        return count;
    }

    private static int CompareNumbers(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        ReadOnlySpan<char> a = left.TrimStart('0');
        ReadOnlySpan<char> b = right.TrimStart('0');
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);
    }

    private sealed class Part(DatasetOptions options, Part? like)
    {
        private readonly List<DecodedImage[]> _videos = [];
        private readonly List<int> _labels = [];
        private long _bytes;
        private int _height = like?._height ?? 0;
        private int _width = like?._width ?? 0;

        public bool IsGrey { get; private set; } = true;

        public int Count => _videos.Count;

        public void Add(string[] files, int label)
        {
            DecodedImage[] frames = new DecodedImage[options.Frames];
            for (int t = 0; t < frames.Length; t++)
            {
                int source = Pick(t, frames.Length, files.Length);
                bool isAgain = t > 0 && source == Pick(t - 1, frames.Length, files.Length);
                frames[t] = isAgain ? frames[t - 1] : Decode(files[source]);
                IsGrey &= frames[t].Channels == 1;
            }

            _videos.Add(frames);
            _labels.Add(label);
        }

        public ImageDataset Make(string[] classes, bool isGrey)
        {
            int channels = isGrey ? 1 : 3;
            int size = _height * _width * channels;
            byte[] pixels = new byte[checked(_videos.Count * options.Frames * size)];
            Span<byte> rest = pixels;
            foreach (DecodedImage[] frames in _videos)
            {
                foreach (DecodedImage frame in frames)
                {
                    for (int j = 0; j < size; j++)
                    {
                        rest[j] = frame.Pixels[frame.Channels == channels ? j : j / 3];
                    }

                    rest = rest[size..];
                }
            }

            return ImageDataset.FromBytes(new Shape(options.Frames * _height, _width, channels), pixels, [.. _labels], classes);
        }

        private DecodedImage Decode(string path)
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

            image = options.ImageSize > 0 ? ImageResize.To(image, options.ImageSize, options.ImageSize) : image;
            if (_height == 0)
            {
                (_height, _width) = (image.Height, image.Width);
            }

            if ((image.Height, image.Width) != (_height, _width))
            {
                throw new ModelFormatException(path, -1, $"{image.Height} × {image.Width} pixels", $"{_height} × {_width} as the first frame; or say what size to resize to");
            }

            _bytes += (long)image.Height * image.Width * 3;
            return _bytes <= options.MaximumBytes ? image : throw new ModelLimitException(path, -1, $"{_bytes} bytes of pixels up to this frame", $"at most {options.MaximumBytes}");
        }
    }
}
