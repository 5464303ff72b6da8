using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>The files behind what a user names as inputs.</summary>
internal static class InputFiles
{
    /// <summary>The files named, and of the folders named and their folders those that some model takes.</summary>
    public static List<string> Of(IEnumerable<string> paths)
    {
        List<string> files = [];
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(path);
                continue;
            }

            try
            {
                AddFrom(path, files);
                foreach (string folder in Directory.GetDirectories(path))
                {
                    AddFrom(folder, files);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // What cannot be read is told when its turn comes.
            }
        }

        return files;
    }

    /// <summary>Whether they are one input for sure: a single picture or recording.</summary>
    public static bool IsOne(List<string> files) => files.Count == 1 && (ImageReader.IsNamedSo(files[0]) || Path.GetExtension(files[0]).ToUpperInvariant() is ".WAV");

    private static void AddFrom(string folder, List<string> files)
    {
        foreach (string file in Directory.GetFiles(folder))
        {
            if (ImageReader.IsNamedSo(file) || Path.GetExtension(file).ToUpperInvariant() is ".WAV" or ".NPY" or ".TXT" || file.Contains("idx3-ubyte", StringComparison.Ordinal))
            {
                files.Add(file);
            }
        }
    }
}
