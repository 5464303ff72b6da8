using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>
/// The frames of one video: a folder of numbered pictures, or an IDX file whose items are frames. A frame is decoded, and fitted to what the model takes, when it is
/// asked for, so that what nobody looks at costs nothing.
/// </summary>
internal sealed class FrameFiles
{
    private readonly Shape _frame;
    private readonly string[]? _files;
    private readonly byte[][]? _items;

    private FrameFiles(string name, Shape frame, string[]? files, byte[][]? items)
    {
        Name = name;
        _frame = frame;
        _files = files;
        _items = items;
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The number of frames, at least 1.</summary>
    public int Count => _files?.Length ?? _items!.Length;

    /// <summary>The videos at a path: a folder of frames, one of folders of frames, or an IDX file.</summary>
    /// <param name="path">The path.</param>
    /// <param name="frame">[H, W, C] of a frame as the model takes it.</param>
    public static IEnumerable<FrameFiles> In(string path, Shape frame)
    {
        if (!Directory.Exists(path))
        {
            yield return OfFile(path, frame);
            yield break;
        }

        bool any = false;
        string[] files = FrameFolders.FramesIn(path);
        if (files.Length > 0)
        {
            any = true;
            yield return new FrameFiles(path, frame, files, null);
        }

        string[] folders = Directory.GetDirectories(path);
        Array.Sort(folders, StringComparer.Ordinal);
        foreach (string folder in folders)
        {
            files = FrameFolders.FramesIn(folder);
            if (files.Length > 0)
            {
                any = true;
                yield return new FrameFiles(folder, frame, files, null);
            }
        }

        if (!any)
        {
            throw new ToolException($"the folder '{path}' holds no numbered frames (.png, .jpg, .jpeg, .bmp), and none of its folders does");
        }
    }

    /// <summary>What a frame is called.</summary>
    public string NameOf(int index) => _files is null ? string.Create(CultureInfo.InvariantCulture, $"{Name}[{index}]") : _files[index];

    /// <summary>A frame's bytes, [H, W, C].</summary>
    public byte[] Read(int index)
    {
        if (_items is not null)
        {
            return _items[index];
        }

        string path = _files![index];
        try
        {
            return ImageScaler.Fit(ImageReader.Read(path), _frame[1], _frame[0], _frame[2]).Pixels;
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot read '{path}': {ToolException.Reason(e)}", e);
        }
    }

    /// <summary>Frames from one on, as one input of a model: as many as it takes, evenly from the first to the last.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="length">How many frames the input is taken from, at least 1.</param>
    /// <param name="taken">How many are taken.</param>
    public InputSample Window(int first, int length, int taken)
    {
        byte[] bytes = new byte[checked(taken * _frame.Count)];
        int before = -1;
        for (int t = 0; t < taken; t++)
        {
            Span<byte> to = bytes.AsSpan(t * _frame.Count, _frame.Count);
            int source = FrameFolders.Pick(t, taken, length);
            if (source == before)
            {
                bytes.AsSpan((t - 1) * _frame.Count, _frame.Count).CopyTo(to);
            }
            else
            {
                Read(first + source).CopyTo(to);
            }

            before = source;
        }

        bool isWhole = first == 0 && length == Count;
        return new InputSample(isWhole ? Name : string.Create(CultureInfo.InvariantCulture, $"{Name}[{first + 1}-{first + length}]"), bytes, null);
    }

    // All items are read: a packed file cannot be entered in its middle.
    private static FrameFiles OfFile(string path, Shape frame)
    {
        if (File.Exists(path) && ImageReader.IsNamedSo(path))
        {
            throw new ToolException($"'{path}' is one picture; expected a folder of numbered frames, or an IDX file of them");
        }

        try
        {
            using IdxReader reader = new(path);
            Shape item = reader.ItemShape;
            int channels = item.Rank == 3 ? item[2] : 1;
            if (item.Rank is < 2 or > 3 || channels is not (1 or 3) || reader.Count < 1)
            {
                throw new ToolException($"'{path}' is an IDX file of {reader.Count} items of shape {item}; expected frames [height, width], with 1 or 3 channels");
            }

            List<byte[]> frames = [];
            byte[] pixels = new byte[item.Count];
            while (reader.TryRead(pixels))
            {
                frames.Add(ImageScaler.Fit(new PixelImage(item[1], item[0], channels, [.. pixels]), frame[1], frame[0], frame[2]).Pixels);
            }

            return new FrameFiles(path, frame, null, [.. frames]);
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot read '{path}' as frames: {ToolException.Reason(e)}; expected a folder of numbered pictures, an IDX file of frames or an npy array", e);
        }
    }
}
