using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Dense;

/// <summary>Pictures that a user names, at the size they have: files, and folders of them.</summary>
internal static class PictureFiles
{
    private const string Expected = "a PNG, JPEG or BMP picture";
    private const int HeadLength = 512;

    /// <summary>Names and pictures, read as they are asked for.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="channels">1 for grey, 3 for colour: what the model takes.</param>
    /// <param name="unreadable">Told of each file or folder that cannot be read; the others are.</param>
    public static IEnumerable<(string Name, PixelImage Picture)> Read(IEnumerable<string> paths, int channels, Action<ToolException> unreadable)
    {
        foreach (string path in paths)
        {
            foreach (string file in FilesAt(path, unreadable))
            {
                if (TryRead(file, unreadable) is { } picture)
                {
                    yield return (file, picture.ToChannels(channels));
                }
            }
        }
    }

    private static List<string> FilesAt(string path, Action<ToolException> unreadable)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        List<string> pictures = [];
        try
        {
            foreach (string file in Directory.GetFiles(path))
            {
                if (ImageReader.IsNamedSo(file))
                {
                    pictures.Add(file);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            unreadable(new ToolException($"cannot read '{path}': {ToolException.Reason(e)}", e));
            return [];
        }

        if (pictures.Count == 0)
        {
            unreadable(new ToolException($"the folder '{path}' holds no picture; expected PNG, JPEG or BMP files"));
        }

        pictures.Sort(StringComparer.Ordinal);
        return pictures;
    }

    private static PixelImage? TryRead(string path, Action<ToolException> unreadable)
    {
        try
        {
            return ReadFile(path);
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            unreadable(new ToolException($"cannot read '{path}': {ToolException.Reason(e)}", e));
        }
        catch (ToolException e) when (e.ExitCode == ExitCode.Failed)
        {
            unreadable(e);
        }

        return null;
    }

    private static PixelImage ReadFile(string path)
    {
        byte[] head = new byte[HeadLength];
        int length;
        using (FileStream stream = InputFile.Open(path, Expected))
        {
            length = stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
        }

        return ImageReader.Recognizes(head.AsSpan(0, length))
            ? ImageReader.Read(path)
            : throw new ToolException($"'{path}' is {FileSniffer.Describe(head.AsSpan(0, length))}; expected {Expected}, which keeps its size");
    }
}
