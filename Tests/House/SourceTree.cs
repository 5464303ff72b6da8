using System;
using System.Collections.Generic;
using System.IO;

namespace ManagedDyn.Tests.House;

/// <summary>The project's own sources, for tests that read them.</summary>
internal static class SourceTree
{
    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Files(string folder, string pattern = "*.cs")
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(Root, file).Replace('\\', '/');
            if (!relative.Contains("/obj/", StringComparison.Ordinal) && !relative.Contains("/bin/", StringComparison.Ordinal))
            {
                yield return relative;
            }
        }
    }

    public static string[] Lines(string relative) => File.ReadAllLines(Path.Combine(Root, relative));

    public static string Text(string relative) => File.ReadAllText(Path.Combine(Root, relative));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ManagedDyn.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"ManagedDyn.sln was not found above {AppContext.BaseDirectory}; run the tests from a checkout.");
    }
}
