using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text.Json;
using ManagedDyn.Tests.Tool;
using Xunit;

namespace ManagedDyn.Tests.Laws;

/// <summary>
/// What must hold across builds of the same code: unoptimised and optimised code give the same bits, and narrower vectors pass every check
/// within its stated bound. Each case runs the tool's selftest in a process of its own.
/// </summary>
public class BuildLawTests
{
    /// <summary>Settings of the runtime under which a kernel must have the same bits: all compile the same arithmetic at the same width of <c>Vector</c>.</summary>
    public static TheoryData<string, string> SameWidth() => new()
    {
        { "DOTNET_TieredCompilation", "0" },
        { "DOTNET_TC_QuickJitForLoops", "0" },
        { "DOTNET_TieredPGO", "0" },
        { "DOTNET_JITMinOpts", "1" },
        { "DOTNET_EnableAVX512", "0" },
    };

    [Theory]
    [MemberData(nameof(SameWidth))]
    public void Kernels_have_the_same_bits_however_they_are_compiled(string variable, string value)
    {
        Dictionary<string, string> usual = Checks(null, null);
        Dictionary<string, string> other = Checks(variable, value);
        foreach (string name in new[] { "same bits", "batch" })
        {
            Assert.Contains("bits", usual[name], StringComparison.Ordinal);
            Assert.Equal(usual[name], other[name]);
        }
    }

    [Theory]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void Every_check_holds_with_narrower_vectors(string variable) => Assert.NotEmpty(Checks(variable, "0"));

    private static Dictionary<string, string> Checks(string? variable, string? value)
    {
        ProcessStartInfo start = new(ToolRun.Program) { RedirectStandardOutput = true };
        start.ArgumentList.Add("selftest");
        start.ArgumentList.Add("--json");
        if (variable is not null)
        {
            start.Environment[variable] = value;
        }

        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{ToolRun.Program} did not start");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"with {variable}={value}: exit code {process.ExitCode}\n{output}");
        Dictionary<string, string> checks = [];
        using JsonDocument document = JsonDocument.Parse(output);
        foreach (JsonElement check in document.RootElement.GetProperty("checks").EnumerateArray())
        {
            checks.Add(check.GetProperty("name").GetString()!, check.GetProperty("detail").GetString()!);
        }

        return checks;
    }
}
