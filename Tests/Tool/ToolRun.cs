using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Xunit;

namespace ManagedDyn.Tests.Tool;

/// <summary>
/// One run of the real tool: the program beside these tests, or the one that MANAGEDDYN_TOOL names (the ahead-of-time build).
/// </summary>
internal sealed record ToolRun(int ExitCode, string Output, string Error)
{
    public const string ProgramVariable = "MANAGEDDYN_TOOL";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    public static string Program => Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named
        ? named
        : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "mdyn.exe" : "mdyn");

    public static ToolRun Start(params string[] arguments) => Start(arguments, whileRunning: null);

    /// <summary>A run that reads a text from standard input.</summary>
    public static ToolRun Start(string[] arguments, string input) => Start(arguments, null, null, input);

    public static ToolRun Start(IEnumerable<string> arguments, Action<Process>? whileRunning, string? folder = null, string input = "")
    {
        ProcessStartInfo start = new(Program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{Program} did not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading.
        }

        whileRunning?.Invoke(process);
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"mdyn {string.Join(' ', start.ArgumentList)} ran longer than {Limit}");
        }

        return new ToolRun(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Asserts the way of every failure: the exit code, nothing on standard output, one line of error with these words.</summary>
    public void AssertFailure(int exitCode, params string[] words)
    {
        Assert.True(exitCode == ExitCode, $"exit code {ExitCode}, expected {exitCode}\n{Output}\n{Error}");
        Assert.Equal(string.Empty, Output);
        Assert.EndsWith("\n", Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', Error.TrimEnd('\n'));
        Assert.StartsWith("mdyn: ", Error, StringComparison.Ordinal);
        foreach (string word in words)
        {
            Assert.Contains(word, Error, StringComparison.Ordinal);
        }
    }

    public void AssertOk() => Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
}
