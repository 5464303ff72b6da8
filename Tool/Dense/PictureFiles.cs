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
    public static IEnumerable<(string Name, PixelImage Picture)> Read(IEnumerable<string> paths, int channels)
    {
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                yield return (path, ReadFile(path).ToChannels(channels));
                continue;
            }

            string[] files = Directory.GetFiles(path);
            Array.Sort(files, StringComparer.Ordinal);
            bool any = false;
            foreach (string file in files)
            {
                if (Path.GetExtension(file).ToUpperInvariant() is ".PNG" or ".JPG" or ".JPEG" or ".BMP")
                {
                    any = true;
                    yield return (file, ReadFile(file).ToChannels(channels));
                }
            }

            if (!any)
            {
                throw new ToolException($"the folder '{path}' holds no picture; expected PNG, JPEG or BMP files");
            }
        }
    }

    private static PixelImage ReadFile(string path)
    {
        byte[] head = new byte[HeadLength];
        int length;
        using (FileStream stream = InputFile.Open(path, Expected))
        {
            length = stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
        }

        if (!ImageReader.Recognizes(head.AsSpan(0, length)))
        {
            throw new ToolException($"'{path}' is {FileSniffer.Describe(head.AsSpan(0, length))}; expected {Expected}, which keeps its size");
        }

        try
        {
            return ImageReader.Read(path);
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot read '{path}': {ToolException.Reason(e)}", e);
        }
    }
}
