using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Numerics;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Pages;

namespace ManagedDyn.Tool.Verbs;

/// <summary>What the program runs on, for reports and for selftest.</summary>
public static class MachineFacts
{
    public static int VectorBits => Vector<float>.Count * 32;

    /// <summary>A program compiled ahead of time has no compiler that could have compiled methods.</summary>
    public static bool IsAheadOfTime => JitInfo.GetCompiledMethodCount() == 0;

    public static IReadOnlyList<Fact> Collect() =>
    [
        new("processor", ProcessorName()),
        new("cores", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        new("features", Features()),
        new("vectors", $"{VectorBits} bits ({Vector<float>.Count} floats)"),
        new("memory", Quantity.Bytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)),
        new("runtime", RuntimeInformation.FrameworkDescription + (IsAheadOfTime ? ", compiled ahead of time" : ", compiled just in time")),
        new("system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"),
    ];

    public static string Features()
    {
        List<string> names = [];
        AddIf(names, Sse42.IsSupported, "SSE4.2");
        AddIf(names, Avx.IsSupported, "AVX");
        AddIf(names, Avx2.IsSupported, "AVX2");
        AddIf(names, Fma.IsSupported, "FMA");
        AddIf(names, Avx512F.IsSupported, "AVX-512F");
        AddIf(names, AdvSimd.IsSupported, "AdvSIMD");
        AddIf(names, Vector512.IsHardwareAccelerated, "fast 512-bit vectors");
        return names.Count == 0 ? "none used" : string.Join(", ", names);
    }

    private static string ProcessorName()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                foreach (string line in File.ReadLines("/proc/cpuinfo"))
                {
                    if (line.StartsWith("model name", StringComparison.Ordinal) && line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                    {
                        return SafeText.Clean(line[(colon + 1)..].Trim());
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A system without /proc has no name to give.
            }
        }

        return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") is { Length: > 0 } name
            ? SafeText.Clean(name)
            : RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static void AddIf(List<string> names, bool supported, string name)
    {
        if (supported)
        {
            names.Add(name);
        }
    }
}
