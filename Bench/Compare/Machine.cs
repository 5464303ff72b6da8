using System;
using System.IO;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Bench.Compare;

/// <summary>What a result is worth nothing without: processor, cores, vector width, runtime.</summary>
internal static class Machine
{
    public static string Describe() =>
        $"{Processor()}, {Environment.ProcessorCount} cores, Vector<float>.Count {Vector<float>.Count}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}";

    private static string Processor()
    {
        const string Source = "/proc/cpuinfo";
        if (!File.Exists(Source))
        {
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? RuntimeInformation.ProcessArchitecture.ToString();
        }

        string name = string.Empty;
        string family = string.Empty;
        string model = string.Empty;
        foreach (string line in File.ReadLines(Source))
        {
            string[] parts = line.Split(':', 2);
            switch (parts[0].Trim())
            {
                case "model name":
                    name = parts[1].Trim();
                    break;
                case "cpu family":
                    family = parts[1].Trim();
                    break;
                case "model":
                    model = parts[1].Trim();
                    break;
                case "":
                    return $"{name} (family {family}, model {model})";
            }
        }

        return name;
    }
}
