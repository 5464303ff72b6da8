using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text.Json;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

public sealed class TextVerbTests(TrainedTextModel trained) : IClassFixture<TrainedTextModel>
{
    private static readonly string[] Lines = ["pay the bill", "", "rain and weather \"quoted\"", "a b c d e f g h i j k l m n o p q r s t u v"];

    [Fact]
    public void TrainingLearnsAndTurnsAwayWhatIsOfNoClass()
    {
        using JsonDocument result = JsonDocument.Parse(trained.Training.Output);
        Assert.True(result.RootElement.GetProperty("exits")[0].GetProperty("accuracy").GetDouble() > 0.75);
        JsonElement rejection = result.RootElement.GetProperty("rejection");
        Assert.InRange(rejection.GetProperty("least_confidence").GetDouble(), 0, 1);
        Assert.InRange(rejection.GetProperty("outside_rejected").GetDouble(), 0, 1);
    }

    [Fact]
    public void EachLineOfStandardInputGetsALine()
    {
        ToolRun run = ToolRun.Start(["run", "--model", trained.Model, "--json", "-"], string.Join('\n', Lines));
        run.AssertOk();
        string[] answers = run.Output.TrimEnd('\n').Split('\n');
        Assert.Equal(Lines.Length, answers.Length);
        for (int i = 0; i < answers.Length; i++)
        {
            using JsonDocument answer = JsonDocument.Parse(answers[i]);
            Assert.Equal($"line {i + 1}", answer.RootElement.GetProperty("input").GetString());
            Assert.StartsWith("class", answer.RootElement.GetProperty("label").GetString(), StringComparison.Ordinal);
        }

        // The same from a file, and one by one.
        string file = trained.FileNamed("lines.txt");
        File.WriteAllLines(file, Lines);
        string[] fromFile = ToolRun.Start("run", "--model", trained.Model, "--json", file).Output.TrimEnd('\n').Split('\n');
        for (int i = 0; i < answers.Length; i++)
        {
            string alone = ToolRun.Start(["run", "--model", trained.Model, "--json", "-"], Lines[i] + "\n").Output;
            Assert.Equal(Confidence(answers[i]), Confidence(fromFile[i]));
            Assert.Equal(Confidence(answers[i]), Confidence(alone));
        }

        ToolRun none = ToolRun.Start(["run", "--model", trained.Model, "--json", "-"], string.Empty);
        none.AssertOk();
        Assert.Equal(string.Empty, none.Output);
    }

    [Fact]
    public void AnInterruptEndsTheWaitForALine()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends a Unix signal");
        using Process process = Process.Start(new ProcessStartInfo(ToolRun.Program, ["run", "--model", trained.Model, "--json", "-"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            process.StandardInput.WriteLine(Lines[0]);
            process.StandardInput.Flush();
            Assert.Contains("\"line 1\"", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
            using Process kill = Process.Start("kill", [TrainTests.StopSignal(), process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), "it still waits");
            Assert.Equal(1, process.ExitCode);
            Assert.Equal("mdyn: stopped\n", process.StandardError.ReadToEnd());
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [Fact]
    public void AnExplanationMarksTheWordsThatWereRead()
    {
        ToolRun run = ToolRun.Start(["run", "--model", trained.Model, "--json", "--explain", "-"], string.Join('\n', Lines));
        run.AssertOk();
        string[] answers = run.Output.TrimEnd('\n').Split('\n');
        using JsonDocument first = JsonDocument.Parse(answers[0]);
        JsonElement words = first.RootElement.GetProperty("words");
        Assert.Equal(3, words.GetArrayLength());
        Assert.Equal("pay", words[0].GetProperty("word").GetString());
        Assert.True(words[0].GetProperty("read").GetBoolean());
        int read = 0;
        foreach (JsonElement word in words.EnumerateArray())
        {
            read += word.GetProperty("read").GetBoolean() ? 1 : 0;
        }

        JsonElement steps = first.RootElement.GetProperty("decisions")[0];
        Assert.Equal("steps", steps.GetProperty("kind").GetString());
        Assert.Equal(read, steps.GetProperty("chosen").GetArrayLength());
        using JsonDocument last = JsonDocument.Parse(answers[3]);
        JsonElement many = last.RootElement.GetProperty("words");
        Assert.Equal(22, many.GetArrayLength());
        Assert.False(many[21].GetProperty("read").GetBoolean());
        ToolRun text = ToolRun.Start(["run", "--model", trained.Model, "--explain", "-"], Lines[3]);
        text.AssertOk();
        Assert.Contains("(v)", text.Output, StringComparison.Ordinal);
        Assert.Contains("words read", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AnswersMayBeTurnedAway()
    {
        ToolRun run = ToolRun.Start(["run", "--model", trained.Model, "--json", "--reject-below", "1", "-"], "rain bill song\n");
        run.AssertOk();
        using JsonDocument answer = JsonDocument.Parse(run.Output);
        Assert.True(answer.RootElement.GetProperty("rejected").GetBoolean());
        ToolRun kept = ToolRun.Start(["run", "--model", trained.Model, "--json", "--reject-below", "0", "-"], "rain bill song\n");
        Assert.DoesNotContain("rejected", kept.Output, StringComparison.Ordinal);
        Assert.StartsWith("(none)", ToolRun.Start(["run", "--model", trained.Model, "--reject-below", "1", "-"], "rain bill song\n").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void EvaluationAndResumptionTakeTexts()
    {
        ToolRun eval = ToolRun.Start("eval", "--model", trained.Model, "--data", trained.Data, "--no-time", "--json");
        eval.AssertOk();
        using JsonDocument evaluated = JsonDocument.Parse(eval.Output);
        using JsonDocument result = JsonDocument.Parse(trained.Training.Output);
        Assert.Equal(result.RootElement.GetProperty("exits")[0].GetProperty("accuracy").GetDouble(), evaluated.RootElement.GetProperty("exits")[0].GetProperty("accuracy").GetDouble());
        ToolRun info = ToolRun.Start("info", trained.Model);
        info.AssertOk();
        Assert.Contains("skip-lstm", info.Output, StringComparison.Ordinal);
        Assert.Contains("words known", info.Output, StringComparison.Ordinal);
        ToolRun.Start("bench", trained.Model, "--seconds", "0.1").AssertOk();
        string run = trained.FileNamed("exits");
        ToolRun.Start("train", "--data", trained.Data, "--epochs", "1", "--length", "6", "--tokenizer", "byte-pairs", "--vocabulary", "300", "--out", run, "--json").AssertOk();
        ToolRun text = ToolRun.Start("run", "--model", Path.Combine(run, "model.safetensors"), "--explain", trained.FileNamed("nothing.txt"));
        text.AssertFailure(1, "nothing.txt");
    }

    [Fact]
    public void WhatDoesNotFitIsToldInOneLine()
    {
        ToolRun.Start("train", "--data", trained.Data, "--model", "msdnet-small", "--out", trained.FileNamed("no")).AssertFailure(1, "msdnet-small takes images", "texts");
        ToolRun.Start("train", "--data", "glyphs", "--model", "exit-transformer", "--out", trained.FileNamed("no")).AssertFailure(1, "exit-transformer takes texts");
        ToolRun.Start("train", "--data", trained.Data, "--flip", "--out", trained.FileNamed("no")).AssertFailure(2, "--flip", "texts");
        ToolRun.Start("eval", "--model", trained.Model, "--data", "glyphs").AssertFailure(1, "does not fit", "texts");
        ToolRun.Start(["run", "-"], "x").AssertFailure(2, "standard input");
        string binary = trained.FileNamed("binary.txt");
        File.WriteAllBytes(binary, [1, 0, 2]);
        ToolRun.Start("run", "--model", trained.Model, binary).AssertFailure(1, "a text in each line");
    }

    [Fact]
    public void ALineThatIsTooLongIsToldAndTheOthersAreAnswered()
    {
        ToolRun run = ToolRun.Start(["run", "--model", trained.Model, "--json", "-"], $"rain sun\n{new string('a', 1_100_000)}\nbill pay\n");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("line 2", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("line 3", run.Output, StringComparison.Ordinal);
    }

    private static double Confidence(string answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer);
        return document.RootElement.GetProperty("confidence").GetDouble();
    }
}
