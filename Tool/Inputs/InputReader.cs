using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>
/// Reads files that a user names as inputs of a model: pictures, npy arrays, IDX files, and folders of these. Bytes get the model's
/// preprocessing; floating-point arrays are taken as they are, and WAV files by models of sounds. A model of texts takes the lines of files, or of standard input as "-". Files are read as their inputs are asked for, so one of any length takes little memory.
/// </summary>
public sealed class InputReader
{
    private const string Expected = "a PNG, JPEG or BMP picture, a WAV recording, an npy array or an IDX file";
    private const int HeadLength = 512;

    private readonly Shape _sample;
    private readonly InputEncoding? _encoding;
    private bool _isTold;

    public InputReader(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        _sample = model.SampleShape;
        _encoding = model.Encoding;
    }

    /// <summary>For models that take frames: how many frames of a video in a row become one input; 0: all of them.</summary>
    public int Window { get; init; }

    /// <summary>Told of each file that could not be read, the others still are; null: the first one ends the reading.</summary>
    public Action<ToolException>? Unreadable { get; init; }

    /// <summary>Ends waiting for standard input.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The inputs in a file, or in the files of a folder in the order of their names.</summary>
    public IEnumerable<InputSample> Read(string path) => TakesFrames(path) ? ReadVideos(path) : Directory.Exists(path) ? ReadFolder(path) : ReadFile(path);

    /// <summary>The frames of each video at a path, for models that take frames.</summary>
    internal IEnumerable<FrameFiles> Videos(string path) => _sample.Rank == 4
        ? Found(path, new Shape(_sample[1], _sample[2], _sample[3]))
        : throw new ToolException($"the model takes samples of shape {_sample}; expected one that takes frames [frames, height, width, channels]");

    /// <summary>The frames of each film at a path, for models of pictures.</summary>
    internal IEnumerable<FrameFiles> Films(string path) => _sample.Rank == 3 && _sample[2] is (1 or 3)
        ? Found(path, _sample)
        : throw new ToolException($"the model takes samples of shape {_sample}; expected one of pictures, [height, width, 1 or 3]");

    /// <summary>A frame of a video or film; null when it cannot be read, which is told.</summary>
    internal byte[]? Frame(FrameFiles frames, int index) => Guard(frames.NameOf(index), (frames, index), static (_, frame) => frame.frames.Read(frame.index));

    private IEnumerable<FrameFiles> Found(string path, Shape frame)
    {
        using IEnumerator<FrameFiles> found = FrameFiles.In(path, frame).GetEnumerator();
        while (Guard(path, found, static (_, found) => found.MoveNext() ? found.Current : null) is { } frames)
        {
            yield return frames;
        }
    }

    // Arrays hold whole samples as they are.
    private bool TakesFrames(string path) => _sample.Rank == 4 && !path.EndsWith(".npy", StringComparison.OrdinalIgnoreCase);

    private IEnumerable<InputSample> ReadVideos(string path)
    {
        foreach (FrameFiles video in Videos(path))
        {
            int length = Window > 0 ? Window : video.Count;
            for (int first = 0; first < video.Count; first += length)
            {
                (FrameFiles Video, int First, int Count, int Taken) window = (video, first, Math.Min(length, video.Count - first), _sample[0]);
                if (Guard(video.Name, window, static (_, w) => w.Video.Window(w.First, w.Count, w.Taken)) is { } sample)
                {
                    yield return sample;
                }
            }
        }
    }

    private IEnumerable<InputSample> ReadFolder(string path)
    {
        if (Guard(path, path, static (_, path) => Directory.GetFiles(path)) is not { } files)
        {
            yield break;
        }

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
            Tell(new ToolException($"the folder '{path}' holds no {(_encoding is TextEncoding ? "text file (.txt)" : "picture, WAV, npy or IDX file")}"));
        }
    }

    private bool IsInput(string file)
        => _encoding is TextEncoding ? Path.GetExtension(file).ToUpperInvariant() is ".TXT" : ImageReader.IsNamedSo(file) || Path.GetExtension(file).ToUpperInvariant() is ".WAV" or ".NPY" || file.Contains("idx3-ubyte", StringComparison.Ordinal);

    private IEnumerable<InputSample> ReadFile(string path)
    {
        _isTold = false;
        using InputSource? source = Guard(path, this, static (path, reader) => reader.Open(path));
        bool any = false;
        while (source is not null && Guard(path, source, static (_, source) => source.Next()) is { } sample)
        {
            any = true;
            yield return sample;
        }

        if (source is { MayBeEmpty: false } && !any && !_isTold)
        {
            Tell(new ToolException($"'{path}' holds no input; expected at least one"));
        }
    }

    // A part of the work on a file, whose failures are told with the path that the user gave; null behind one.
    private TResult? Guard<TState, TResult>(string path, TState state, Func<string, TState, TResult?> read)
        where TResult : class
    {
        try
        {
            return read(path, state);
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            Tell(new ToolException($"cannot read '{path}': {ToolException.Reason(e)}", e));
        }
        catch (ToolException e) when (Unreadable is not null && e.ExitCode == ExitCode.Failed)
        {
            Tell(e);
        }

        return null;
    }

    private void Tell(ToolException failure)
    {
        if (Unreadable is not { } told)
        {
            throw failure;
        }

        _isTold = true;
        told(failure);
    }

    private InputSource Open(string path)
    {
        if (path == LineSource.StandardInput && _encoding is not TextEncoding)
        {
            throw ToolException.Usage($"- is standard input, which a model of texts reads line by line; this one takes {Expected}");
        }

        if (path == LineSource.StandardInput)
        {
            return new LineSource(path, (TextEncoding)_encoding!, Tell, Cancellation);
        }

        byte[] head = new byte[HeadLength];
        int length;
        using (FileStream stream = InputFile.Open(path, Expected))
        {
            length = stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
        }

        ReadOnlySpan<byte> start = head.AsSpan(0, length);
        if (ImageReader.Recognizes(start))
        {
            CheckTakesPictures(path, "a picture");
            return new PictureSource(path, _sample);
        }

        if (WavSource.Recognizes(start))
        {
            return _encoding is SignalEncoding signal
                ? new WavSource(path, signal)
                : throw new ToolException($"'{path}' is a WAV recording; the model takes {(_encoding is TextEncoding ? "texts" : $"samples of shape {_sample}")}");
        }

        if (FileSniffer.IsNpy(start))
        {
            return new NpySource(path, _sample);
        }

        if (_encoding is TextEncoding texts)
        {
            return start.Contains((byte)0) ? throw new ToolException($"'{path}' is {FileSniffer.Describe(start)}; expected a text in each line") : new LineSource(path, texts, Tell, Cancellation);
        }

        // IDX begins with two zero bytes and the type of unsigned bytes; packed ones are known by their name.
        if (start.StartsWith<byte>([0, 0, 8]) || (FileSniffer.IsGzip(start) && Path.GetFileName(path).Contains("idx", StringComparison.Ordinal)))
        {
            CheckTakesPictures(path, "an IDX file of images");
            return new IdxSource(path, _sample);
        }

        throw new ToolException($"'{path}' is {FileSniffer.Describe(start)}; expected {Expected}");
    }

    private void CheckTakesPictures(string path, string kind)
    {
        if (_sample.Rank != 3 || _sample[2] is not (1 or 3))
        {
            throw new ToolException($"'{path}' is {kind}; the model takes {(_encoding is TextEncoding ? "texts" : $"samples of shape {_sample}")}");
        }
    }
}
