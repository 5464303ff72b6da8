using System;
using ManagedDyn.Tool.CommandLine;
using Xunit;

namespace ManagedDyn.Tests.Tool.CommandLine;

public sealed class UsageTests
{
    [Fact]
    public void VersionAndHelp()
    {
        ToolRun version = ToolRun.Start("--version");
        version.AssertOk();
        Assert.Matches("^mdyn [0-9]+\\.[0-9]+\\.[0-9]+\n$", version.Output);
        ToolRun help = ToolRun.Start("--help");
        help.AssertOk();
        Assert.Contains("Examples:", help.Output, StringComparison.Ordinal);
        foreach (Verb verb in ManagedDyn.Tool.Verbs.VerbCatalogue.Create())
        {
            Assert.Contains("\n  " + verb.Command.Name + " ", help.Output, StringComparison.Ordinal);
            ToolRun verbHelp = ToolRun.Start(verb.Command.Name, "--help");
            verbHelp.AssertOk();
            Assert.Contains("Usage: mdyn " + verb.Command.Name, verbHelp.Output, StringComparison.Ordinal);
            Assert.Contains("Examples:", verbHelp.Output, StringComparison.Ordinal);
            Assert.Contains("--json", verbHelp.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NoArgumentsShowHelpAndFail()
    {
        ToolRun run = ToolRun.Start();
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("Commands:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void MisspeltWordsAreCorrected()
    {
        ToolRun.Start("selftset").AssertFailure(2, "unknown command 'selftset'", "did you mean 'selftest'?");
        ToolRun.Start("selftest", "--jsn").AssertFailure(2, "unknown option '--jsn'", "did you mean '--json'?");
        ToolRun.Start("selftest", "extra").AssertFailure(2, "unexpected argument 'extra'");
        ToolRun.Start("xyzzyxyzzy").AssertFailure(2, "unknown command 'xyzzyxyzzy' (");
    }

    [Fact]
    public void ControlCharactersDoNotReachTheTerminal()
    {
        ToolRun run = ToolRun.Start("selftest", "\u001b[2Jboo\u0007\nline");
        run.AssertFailure(2, "boo");
        Assert.DoesNotContain('\u001b', run.Error);
        Assert.DoesNotContain('\u0007', run.Error);
    }

    [Fact]
    public void ResponseFilesAreNotRead() => ToolRun.Start("selftest", "@/etc/hostname").AssertFailure(2, "unexpected argument '@/etc/hostname'");

    [Theory]
    [InlineData("train", "train", 0)]
    [InlineData("trian", "train", 1)]
    [InlineData("tran", "train", 1)]
    [InlineData("eval", "val", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    public void EditDistance(string from, string to, int expected)
    {
        Assert.Equal(expected, Suggestion.Distance(from, to));
        Assert.Equal(expected, Suggestion.Distance(to, from));
    }

    [Fact]
    public void SuggestionsAreNearOrNone()
    {
        string[] options = ["--data", "--epochs", "--minutes", "--model"];
        Assert.Equal("--epochs", Suggestion.Nearest("--epoch", options));
        Assert.Equal("--model", Suggestion.Nearest("--modle", options));
        Assert.Equal("--minutes", Suggestion.Nearest("--min", options));
        Assert.Null(Suggestion.Nearest("--frobnicate", options));
    }
}
