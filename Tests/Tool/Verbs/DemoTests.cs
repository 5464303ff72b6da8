using System;
using System.IO;
using System.Text.Json;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

public sealed class DemoTests
{
    [Fact]
    public void TrainsMeasuresAndReports()
    {
        string folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;
        string model = Path.Combine(folder, "glyphs.safetensors");
        ToolRun run = ToolRun.Start("demo", "--images", "200", "--epochs", "1", "--out", Path.Combine(folder, "report"), "--save", model, "--json");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        string report = result.RootElement.GetProperty("report").GetString()!;
        Assert.Equal(Path.Combine(folder, "report", "mdyn-demo.html"), report);
        string html = File.ReadAllText(report);
        Assert.Contains("Hardest inputs", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, result.RootElement.GetProperty("times").GetArrayLength());
        Assert.True(File.Exists(model));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void ImpossibleWishesAreWrongUsage()
    {
        ToolRun.Start("demo", "--images", "3").AssertFailure(2, "--images is '3'", "from 200");
        ToolRun.Start("demo", "--quik").AssertFailure(2, "did you mean '--quick'?");

        // Told before the work and not after it.
        string file = Path.GetTempFileName();
        ToolRun.Start("demo", "--out", Path.Combine(file, "report.html")).AssertFailure(1, "cannot write");
        File.Delete(file);
    }
}
