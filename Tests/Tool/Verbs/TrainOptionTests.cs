using System;
using System.IO;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>Options of training that do nothing for a model, or on its data, are mistakes that the user hears of before anything is there.</summary>
public sealed class TrainOptionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("skipnet", "--attention", "se", "attention-resnet takes it")]
    [InlineData("skipnet", "--activation", "relu", "attention-resnet takes it")]
    [InlineData("supernet", "--grow", "3", "adaptive-tree takes it")]
    [InlineData("resnet-tiny", "--target", "0.5", "no target")]
    [InlineData("moe", "--target", "0.5", "target is fixed")]
    [InlineData("denoiser", "--smoothing", "0.1", "a loss of its own")]
    [InlineData("msdnet-small-weighted", "--distillation", "1", "a loss of its own")]
    public void WhatAModelHasNoUseForIsRefusedWhateverTheData(string model, string option, string value, string reason)
    {
        // The data are not even looked for.
        string run = Path.Combine(_folder, "run");
        ToolRun.Start("train", "--data", Path.Combine(_folder, "nowhere"), "--model", model, option, value, "--out", run)
            .AssertFailure(2, $"{option} has no effect with --model {model}", reason);
        Assert.False(Path.Exists(run));
    }

    [Theory]
    [InlineData("glyphs", "msdnet-tiny", "--tokenizer", "words", "texts take it")]
    [InlineData("glyphs", "msdnet-tiny", "--vocabulary", "500", "texts take it")]
    [InlineData("glyphs", "msdnet-tiny", "--length", "20", "texts and recordings take it")]
    [InlineData("glyphs", "msdnet-tiny", "--image-size", "16", "folders of pictures and IDX files")]
    [InlineData("glyphs", "lstm", "--shift", "2", "pixel by pixel")]
    [InlineData("glyphs", "resnet-tiny", "--distillation", "1", "one exit")]
    [InlineData("adding", "lstm", "--smoothing", "0.1", "answered with a number")]
    [InlineData("adding", "lstm", "--tokenizer", "words", "texts take it")]
    [InlineData("adding", "lstm", "--erase", "0.5", "images take it")]
    public void WhatHasNoEffectOnTheDataIsRefused(string data, string model, string option, string value, string reason)
    {
        string run = Path.Combine(_folder, "run");
        ToolRun.Start("train", "--data", data, "--model", model, option, value, "--out", run)
            .AssertFailure(2, $"{option} has no effect with --model {model}", reason);
        Assert.False(Path.Exists(run));
    }

    [Fact]
    public void TheUsualModelIsToldByItsNameToo()
    {
        string run = Path.Combine(_folder, "run");
        ToolRun.Start("train", "--data", "glyphs", "--attention", "se", "--out", run).AssertFailure(2, "--attention has no effect with --model msdnet-small", "attention-resnet takes it");
        Assert.False(Path.Exists(run));
    }

    [Fact]
    public void WhereATreeGrowsItIsRefusedBeforeThat()
    {
        ToolRun tree = ToolRun.Start("train", "--data", Path.Combine(_folder, "nowhere"), "--model", "adaptive-tree", "--grow", "3", "--distillation", "1");
        tree.AssertFailure(2, "--distillation has no effect with --model adaptive-tree", "one exit");
    }
}
