using System;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tests.Layers.Data.Audio;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>Training on recordings, and asking about WAV files.</summary>
public sealed class SignalVerbTests(SignalVerbTests.Trained trained) : IClassFixture<SignalVerbTests.Trained>
{
    [Fact]
    public void ASignalIsReadUntilTheNetworkIsSure()
    {
        using JsonDocument result = JsonDocument.Parse(trained.Training.Output);
        JsonElement exits = result.RootElement.GetProperty("exits");
        Assert.True(exits[exits.GetArrayLength() - 1].GetProperty("accuracy").GetDouble() > 0.9);

        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--json", "--explain", "--confidence", "0.6", trained.Recording);
        run.AssertOk();
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        JsonElement answer = answers.RootElement.GetProperty("answers")[0];
        Assert.Equal("high", answer.GetProperty("label").GetString());
        JsonElement steps = answer.GetProperty("steps");
        int read = steps.GetProperty("read").GetInt32();
        Assert.Equal(18, steps.GetProperty("count").GetInt32());
        Assert.InRange(read, 1, 17);
        Assert.Equal(read - 1, steps.GetProperty("which")[read - 1].GetInt32());
        Assert.Equal(0.016, steps.GetProperty("step_seconds").GetDouble(), 1e-9);

        ToolRun shown = ToolRun.Start("run", "--model", trained.Model, "--explain", "--confidence", "0.6", trained.Recording);
        shown.AssertOk();
        Assert.Contains($"{new string('#', read)}{new string('.', 18 - read)}  {read} of 18 steps read, ", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ARecordingAtAnotherRateIsResampled()
    {
        string file = trained.FileNamed("other.wav");
        File.WriteAllBytes(file, Wavs.Make(Wavs.Tone(1800, 6400, 16000), 1, 16000, 24));
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--json", file);
        run.AssertOk();
        using JsonDocument answers = JsonDocument.Parse(run.Output);
        Assert.Equal("high", answers.RootElement.GetProperty("answers")[0].GetProperty("label").GetString());
    }

    [Fact]
    public void ASlowRecordingIsHeardNoFurtherThanItsSteps()
    {
        string file = trained.FileNamed("slow.wav");
        File.WriteAllBytes(file, Wavs.Make(Wavs.Tone(0.1, 400_000, 1), 1, 1, 8));
        ToolRun.Start("run", "--model", trained.Model, "--json", file).AssertOk();
    }

    [Fact]
    public void AnArrayOfFewerStepsIsOneShorterSequence()
    {
        Shape sample = ModelFile.Load(trained.Model).SampleShape;
        float[] whole = new float[sample.Count];
        Random random = new(5);
        for (int i = 0; i < 10 * sample[1]; i++)
        {
            whole[i] = random.NextSingle() - 0.5f;
        }

        string full = trained.FileNamed("full.npy");
        string few = trained.FileNamed("few.npy");
        NpyFile.Save(full, Tensor.From(sample, whole));
        NpyFile.Save(few, Tensor.From(new Shape(10, sample[1]), whole.AsSpan(0, 10 * sample[1])));
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, "--json", "--explain", full, few);
        run.AssertOk();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement answers = document.RootElement.GetProperty("answers");
        Assert.Equal(answers[0].GetProperty("confidence").GetDouble(), answers[1].GetProperty("confidence").GetDouble());
        Assert.Equal(answers[0].GetProperty("macs").GetInt64(), answers[1].GetProperty("macs").GetInt64());
        Assert.Equal(10, answers[1].GetProperty("steps").GetProperty("count").GetInt32());

        string other = trained.FileNamed("other.npy");
        NpyFile.Save(other, Tensor.Zeros(new Shape(10, sample[1] + 1)));
        ToolRun.Start("run", "--model", trained.Model, other).AssertFailure(1, "or with fewer steps");
    }

    [Fact]
    public void WhatIsNoRecordingIsRefusedInOneLine()
    {
        string silent = trained.FileNamed("silent.wav");
        File.WriteAllBytes(silent, Wavs.Make([]));
        ToolRun.Start("run", "--model", trained.Model, silent).AssertFailure(1, "silent.wav", "no samples");
        string file = trained.FileNamed("cut.wav");
        File.WriteAllBytes(file, Wavs.Make(Wavs.Tone(1800, 400))[..100]);
        foreach ((string path, string part) in new[] { (file, "cut.wav"), ("-", "standard input") })
        {
            ToolRun run = ToolRun.Start("run", "--model", trained.Model, path);
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains(part, run.Error, StringComparison.Ordinal);
        }
    }

    /// <summary>A model that tells low tones from high ones.</summary>
    public sealed class Trained : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

        public Trained()
        {
            string data = Path.Combine(_folder, "tones");
            Random random = new(3);
            foreach ((string name, double hertz) in new[] { ("low", 400.0), ("high", 1700.0) })
            {
                string folder = Directory.CreateDirectory(Path.Combine(data, name)).FullName;
                for (int i = 0; i < 40; i++)
                {
                    File.WriteAllBytes(Path.Combine(folder, $"{i}.wav"), Wavs.Make(Wavs.Tone(hertz + (100 * random.NextDouble()), 1600 + random.Next(1600))));
                }
            }

            Training = ToolRun.Start("train", "--data", data, "--epochs", "12", "--batch", "8", "--out", Path.Combine(_folder, "run"), "--json");
            Training.AssertOk();
            Recording = Path.Combine(_folder, "question.wav");
            File.WriteAllBytes(Recording, Wavs.Make(Wavs.Tone(1750, 2400)));
        }

        internal ToolRun Training { get; }

        public string Model => Path.Combine(_folder, "run", "model.safetensors");

        public string Recording { get; }

        public string FileNamed(string name) => Path.Combine(_folder, name);

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
