using System;
using System.IO;
using ManagedDyn.Tool.Output;
using Xunit;

namespace ManagedDyn.Tests.Tool.Output;

public sealed class TerminalTests
{
    [Theory]
    [InlineData("plain text, ümlaut, 漢字", "plain text, ümlaut, 漢字")]
    [InlineData("a\u001b[31mb", "a\uFFFD[31mb")]
    [InlineData("a\nb\tc\rd", "a b c\uFFFDd")]
    [InlineData("a\u202Eb\u2066c\u0000\u009B", "a\uFFFDb\uFFFDc\uFFFD\uFFFD")]
    public void TextFromOutsideIsMadeSafe(string text, string expected) => Assert.Equal(expected, SafeText.Clean(text));

    [Fact]
    public void ProgressSaysWhatIsLeft()
    {
        string line = ProgressLine.Render("epoch 3/12", 0.25, "loss 0.432", TimeSpan.FromSeconds(10), 200);
        Assert.Equal("epoch 3/12 ━━━━━━────────────────── 25 % · 0:30 left · loss 0.432", line);
        Assert.Equal(20, ProgressLine.Render("epoch 3/12", 0.25, "loss", TimeSpan.FromSeconds(10), 20).Length);
        Assert.DoesNotContain("NaN", ProgressLine.Render("x", double.NaN, string.Empty, TimeSpan.Zero, 80), StringComparison.Ordinal);
    }

    [Fact]
    public void NoProgressWhereNobodyWatches()
    {
        using StringWriter output = new();
        using StringWriter error = new();
        using Terminal terminal = new(output, error, isErrorTerminal: false, isOutputTerminal: false);
        using (ProgressLine progress = new(terminal))
        {
            progress.Update("work", 0.5, string.Empty);
        }

        Assert.Equal(string.Empty, error.ToString());
    }

    [Fact]
    public void ProgressCleansUpAfterItself()
    {
        using StringWriter output = new();
        using StringWriter error = new();
        using Terminal terminal = new(output, error, isErrorTerminal: true, isOutputTerminal: false);
        using (ProgressLine progress = new(terminal))
        {
            progress.Update("work", 0.5, string.Empty);
            progress.Update("work", 0.6, string.Empty);
        }

        Assert.Equal(string.Empty, output.ToString());
        Assert.EndsWith("\r\u001b[K\u001b[?25h", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("60 %", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TablesAlign()
    {
        using StringWriter output = new() { NewLine = "\n" };
        using Terminal terminal = new(output, TextWriter.Null, false, false);
        TextTable table = new("exit", ">accuracy");
        table.Add("1", "84.2 %");
        table.Add("12", "9 %");
        table.Write(terminal);
        Assert.Equal("  exit  accuracy\n  1       84.2 %\n  12         9 %\n", output.ToString());
    }

    [Fact]
    public void JsonHasNoNaN()
    {
        using JsonDocumentWriter json = new(indented: false);
        json.Object().Number("a", double.NaN).Number("b", 1.5).Numbers("c", [1, double.PositiveInfinity]).Text("d", "é\"").EndObject();
        Assert.Equal("{\"a\":null,\"b\":1.5,\"c\":[1,null],\"d\":\"é\\\"\"}", json.ToString());
    }
}
