using System;
using System.IO;
using System.Text.Json;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Training;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verbs;

public sealed class ModelVerbTests(TrainedModel trained) : IClassFixture<TrainedModel>
{
    [Fact]
    public void ModelsAreListedWithWhatTheyAreTrainedWithUsually()
    {
        ToolRun run = ToolRun.Start("info", "--models", "--json");
        run.AssertOk();
        using JsonDocument list = JsonDocument.Parse(run.Output);
        JsonElement models = list.RootElement.GetProperty("models");
        Assert.Equal(ModelPreset.All.Count, models.GetArrayLength());
        JsonElement lstm = Assert.Single(models.EnumerateArray(), static model => model.GetProperty("name").GetString() == "skip-lstm");
        Assert.Equal("texts, sequences", lstm.GetProperty("takes").GetString());
        Assert.Equal("Adam", lstm.GetProperty("optimizer").GetString());
        Assert.Equal(0.002, lstm.GetProperty("rate").GetDouble());
        Assert.Equal(64, lstm.GetProperty("batch").GetInt32());
        Assert.All(models.EnumerateArray(), static model => Assert.True(model.GetProperty("rate").GetDouble() > 0 && model.GetProperty("takes").GetString() != ""));
        ToolRun table = ToolRun.Start("info", "--models");
        table.AssertOk();
        Assert.Contains("momentum", table.Output, StringComparison.Ordinal);
        Assert.Contains("epochs: 10", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void InfoTellsExitsAndLayers()
    {
        ToolRun run = ToolRun.Start("info", trained.Model, "--json");
        run.AssertOk();
        using JsonDocument info = JsonDocument.Parse(run.Output);
        Assert.Equal("msdnet", info.RootElement.GetProperty("architecture").GetString());
        long last = 0;
        foreach (JsonElement exit in info.RootElement.GetProperty("exits").EnumerateArray())
        {
            long macs = exit.GetProperty("macs").GetInt64();
            Assert.True(macs > last);
            last = macs;
        }

        long sum = 0;
        long parameters = 0;
        foreach (JsonElement layer in info.RootElement.GetProperty("layers").EnumerateArray())
        {
            sum += layer.GetProperty("macs").GetInt64();
            parameters += layer.GetProperty("parameters").GetInt64();
        }

        Assert.Equal(info.RootElement.GetProperty("macs").GetInt64(), sum);
        Assert.True(parameters >= info.RootElement.GetProperty("parameters").GetInt64());
        ToolRun text = ToolRun.Start("info", trained.Model, "--layers");
        text.AssertOk();
        Assert.Contains("drop-0.3", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RunClassifiesPictures()
    {
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, trained.Picture("disc", 0), trained.Picture("bar", 1), "--json", "--top", "3");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        JsonElement answers = result.RootElement.GetProperty("answers");
        Assert.Equal(2, answers.GetArrayLength());
        foreach (JsonElement answer in answers.EnumerateArray())
        {
            double sum = 0;
            foreach (JsonElement candidate in answer.GetProperty("top").EnumerateArray())
            {
                sum += candidate.GetProperty("probability").GetDouble();
            }

            Assert.Equal(1, sum, 1e-4);
            Assert.Equal(answer.GetProperty("exit").GetInt32(), answer.GetProperty("exit_confidences").GetArrayLength());
        }
    }

    [Fact]
    public void RunKeepsToItsBudget()
    {
        ToolRun folder = ToolRun.Start("run", "--model", trained.Model, Path.Combine(trained.Data, "bar"), "--full", "--limit", "5");
        folder.AssertOk();
        Assert.Contains("4/4", folder.Output, StringComparison.Ordinal);
        Assert.Contains("5 inputs, whole network", folder.Output, StringComparison.Ordinal);
        ToolRun capped = ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--budget", "200k", "--json");
        capped.AssertOk();
        using JsonDocument result = JsonDocument.Parse(capped.Output);
        Assert.True(result.RootElement.GetProperty("answers")[0].GetProperty("macs").GetInt64() <= 200_000);
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--deadline", "5").AssertOk();
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--budget", "10").AssertFailure(2, "--budget 10", "is less than the first exit takes");
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--point", "drop-7").AssertFailure(2, "drop-7", "drop-0.3");
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--full", "--confidence", "0.5").AssertFailure(2, "exclude each other");
    }

    [Fact]
    public void RunReadsArrays()
    {
        string good = trained.FileNamed("good.npy");
        NpyFile.Save(good, Tensor.Zeros(new Shape(2, 16, 16, 1)));
        ToolRun run = ToolRun.Start("run", "--model", trained.Model, good);
        run.AssertOk();
        Assert.Contains("good.npy[1]", run.Output, StringComparison.Ordinal);
        string shaped = trained.FileNamed("shaped.npy");
        NpyFile.Save(shaped, Tensor.Zeros(new Shape(3, 5)));
        ToolRun.Start("run", "--model", trained.Model, shaped).AssertFailure(1, "[3, 5]", "[16, 16, 1]");
        Tensor poisoned = Tensor.Zeros(new Shape(16, 16, 1));
        poisoned.Span[17] = float.NaN;
        string nan = trained.FileNamed("nan.npy");
        NpyFile.Save(nan, poisoned);
        ToolRun.Start("run", "--model", trained.Model, nan).AssertFailure(1, "value 17 is NaN");
    }

    [Fact]
    public void RunAnswersFilesOfManyPortions()
    {
        // More than two portions of answers: the columns stay in line, the document stays one, nothing is lost.
        const int Count = 600;
        string many = trained.FileNamed("many.npy");
        NpyFile.Save(many, Tensor.Zeros(new Shape(Count, 16, 16)));
        ToolRun table = ToolRun.Start("run", "--model", trained.Model, many);
        table.AssertOk();
        string[] lines = table.Output.Split('\n');
        Assert.StartsWith("input", lines[0], StringComparison.Ordinal);
        Assert.Contains($"many.npy[{Count - 1}]", lines[Count], StringComparison.Ordinal);
        Assert.Equal(lines[Count - 1].Length, lines[Count].Length);
        Assert.Contains("600 inputs", table.Output, StringComparison.Ordinal);
        ToolRun json = ToolRun.Start("run", "--model", trained.Model, many, "--json");
        json.AssertOk();
        using JsonDocument result = JsonDocument.Parse(json.Output);
        Assert.Equal(Count, result.RootElement.GetProperty("answers").GetArrayLength());
        ToolRun few = ToolRun.Start("run", "--model", trained.Model, many, "--json", "--limit", "300");
        using JsonDocument limited = JsonDocument.Parse(few.Output);
        Assert.Equal(300, limited.RootElement.GetProperty("answers").GetArrayLength());
    }

    [Fact]
    public void BadInputsGetOneLine()
    {
        string text = trained.FileNamed("letter.txt");
        File.WriteAllText(text, "hello");
        string cut = trained.FileNamed("cut.png");
        File.WriteAllBytes(cut, File.ReadAllBytes(trained.Picture("bar", 0))[..100]);
        ToolRun.Start("run", "--model", trained.Model, trained.FileNamed("missing.png")).AssertFailure(1, "missing.png' does not exist");
        ToolRun.Start("run", "--model", trained.Model, text).AssertFailure(1, "a text file", "expected a PNG");
        ToolRun.Start("run", "--model", trained.Model, cut).AssertFailure(1, "truncated");
        ToolRun.Start("run", "--model", text, cut).AssertFailure(1, "a text file", ".safetensors");
        ToolRun.Start("run", "--model", trained.FileNamed("no.safetensors"), cut).AssertFailure(1, "there is no model");
        ToolRun.Start("run").AssertFailure(2, "INPUT is missing");
        ToolRun.Start("run", "--model", trained.Model, trained.Picture("bar", 0), "--budgt", "5M").AssertFailure(2, "unknown option '--budgt'", "did you mean '--budget'?");
        ToolRun.Start("run", "--model", trained.Model, "--", "--budgt").AssertFailure(1, "'--budgt' does not exist");
        string none = trained.FileNamed("none.npy");
        NpyFile.Save(none, Tensor.Zeros(new Shape(0, 16, 16)));
        ToolRun.Start("run", "--model", trained.Model, none).AssertFailure(1, "holds no input");
    }

    [Fact]
    public void DecisionsAndAllElseAddUpToWhatAnAnswerTook()
    {
        string model = trained.FileNamed("skipping");
        ToolRun.Start("train", "--data", trained.Data, "--model", "fbs", "--epochs", "1", "--out", model, "--json").AssertOk();
        ToolRun run = ToolRun.Start("run", "--model", Path.Combine(model, "model.safetensors"), "--json", "--explain", trained.Picture("bar", 0));
        run.AssertOk();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement answer = document.RootElement.GetProperty("answers")[0];
        long sum = answer.GetProperty("macs_all_else").GetInt64();
        foreach (JsonElement decision in answer.GetProperty("decisions").EnumerateArray())
        {
            Assert.InRange(decision.GetProperty("macs").GetInt64(), 1, decision.GetProperty("macs_dense").GetInt64());
            sum += decision.GetProperty("macs").GetInt64();
        }

        Assert.Equal(answer.GetProperty("macs").GetInt64(), sum);
        ToolRun text = ToolRun.Start("run", "--model", Path.Combine(model, "model.safetensors"), "--explain", trained.Picture("bar", 0), "--deadline", "1000");
        text.AssertOk();
        Assert.Contains("all else", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void DamagedModelsAreRefused()
    {
        byte[] sound = File.ReadAllBytes(trained.Model);
        string damaged = trained.FileNamed("damaged.safetensors");
        foreach (int length in new[] { 9, 100, sound.Length / 2, sound.Length - 1 })
        {
            File.WriteAllBytes(damaged, sound[..length]);
            ToolRun.Start("info", damaged).AssertFailure(1, "damaged.safetensors");
        }

        byte[] altered = (byte[])sound.Clone();
        altered[40] ^= 0x10;
        File.WriteAllBytes(damaged, altered);
        ToolRun.Start("info", damaged).AssertFailure(1, "cannot load the model");

        // One bit of one weight: still a number, and found all the same.
        altered = (byte[])sound.Clone();
        altered[^9] ^= 0x01;
        File.WriteAllBytes(damaged, altered);
        ToolRun.Start("info", damaged).AssertFailure(1, "checksum", "altered");
    }

    [Fact]
    public void EvalMeasuresAndReports()
    {
        string report = trained.FileNamed("eval.html");
        string svg = trained.FileNamed("eval.svg");
        ToolRun run = ToolRun.Start("eval", "--model", trained.Model, "--data", trained.Data, "--static", trained.Model, "--report", report, "--svg", svg, "--no-time", "--json");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        Assert.Equal("drop-0.3", result.RootElement.GetProperty("chosen").GetString());
        double last = 0;
        foreach (JsonElement point in result.RootElement.GetProperty("curve").EnumerateArray())
        {
            double macs = point.GetProperty("macs").GetDouble();
            Assert.True(macs >= last);
            last = macs;
        }

        Assert.Equal("run", Assert.Single(result.RootElement.GetProperty("static").EnumerateArray()).GetProperty("name").GetString());
        Assert.Contains("static networks", File.ReadAllText(report), StringComparison.Ordinal);
        Assert.StartsWith("<svg", File.ReadAllText(svg), StringComparison.Ordinal);
        ToolRun.Start("eval", "--model", trained.Model).AssertFailure(2, "--data is missing", "the set 'data'");
        ToolRun info = ToolRun.Start("info", trained.Model);
        Assert.DoesNotContain(trained.Data, info.Output, StringComparison.Ordinal);
        ToolRun.Start("eval", "--model", trained.Model, "--data", "glyphs").AssertFailure(1, "[32, 32, 3]", "[16, 16, 1]");
    }

    [Fact]
    public void BenchMeasuresExitsAndLayers()
    {
        ToolRun run = ToolRun.Start("bench", trained.Model, "--batch", "4", "--seconds", "0.05", "--json");
        run.AssertOk();
        using JsonDocument result = JsonDocument.Parse(run.Output);
        long full = result.RootElement.GetProperty("macs").GetInt64();
        Assert.True(result.RootElement.GetProperty("peak_macs_per_second").GetDouble() > 1e6);
        Assert.Equal(2, result.RootElement.GetProperty("batches").GetArrayLength());
        foreach (JsonElement batch in result.RootElement.GetProperty("batches").EnumerateArray())
        {
            Assert.Equal(4, batch.GetProperty("exits").GetArrayLength());
            Assert.Equal(full, batch.GetProperty("exits")[3].GetProperty("macs").GetInt64());
            long macs = 0;
            double time = 0;
            foreach (JsonElement layer in batch.GetProperty("layers").EnumerateArray())
            {
                macs += layer.GetProperty("macs").GetInt64();
                time += layer.GetProperty("milliseconds").GetDouble();
            }

            Assert.Equal(full, macs);
            Assert.True(time > 0 && batch.GetProperty("milliseconds").GetDouble() > 0);
        }

        ToolRun table = ToolRun.Start("bench", trained.Model, "--batch", "2", "--seconds", "0.05");
        table.AssertOk();
        Assert.Contains("block0_layer0", table.Output, StringComparison.Ordinal);
        ToolRun.Start("bench", trained.Model, "--batch", "0").AssertFailure(2, "--batch is '0'");
        ToolRun.Start("bench", trained.Model, "--kernels").AssertFailure(2, "--kernels measures no model");
    }

    [Fact]
    public void OutputsThatAreReadOrNamedTwiceAreRefused()
    {
        ToolRun.Start("eval", "--model", trained.Model, "--report", trained.Model, "--no-time").AssertFailure(2, "is both read and to be written");
        ToolRun.Start("eval", "--model", trained.Model, "--report", "both.html", "--svg", "both.html", "--no-time").AssertFailure(2, "is named for two outputs");
    }

    [Fact]
    public void BenchMeasuresKernelsWithoutAModel()
    {
        ToolRun run = ToolRun.Start("bench", "--kernels", "--seconds", "0.01", "--json");
        Assert.Equal(0, run.ExitCode);
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.True(json.RootElement.GetProperty("peak_macs_per_second").GetDouble() > 1e8);
        int counted = 0;
        foreach (JsonElement kernel in json.RootElement.GetProperty("kernels").EnumerateArray())
        {
            Assert.True(kernel.GetProperty("milliseconds").GetDouble() > 0, kernel.ToString());
            counted += kernel.GetProperty("macs").GetInt64() > 0 ? 1 : 0;
        }

        Assert.InRange(counted, 15, json.RootElement.GetProperty("kernels").GetArrayLength() - 1);
    }

    [Fact]
    public void VerifyFindsDifferences()
    {
        string recorded = trained.FileNamed("recorded.npz");
        ToolRun.Start("verify", "--model", trained.Model, "--record", recorded).AssertOk();
        ToolRun.Start("verify", "--model", trained.Model, recorded, "--json").AssertOk();
        Tensor input = NpzFile.Load(recorded)["input"].ToTensor();
        NpzWriter writer = new();
        writer.Add("input", input);
        writer.Add("output", Tensor.Zeros(new Shape(input.Shape[0], 3)));
        string wrong = trained.FileNamed("wrong.npz");
        writer.Save(wrong);
        ToolRun run = ToolRun.Start("verify", "--model", trained.Model, wrong);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("FAILED", run.Output, StringComparison.Ordinal);
        ToolRun.Start("verify", "--model", trained.Model).AssertFailure(2, "--record");
        ToolRun.Start("verify", "--model", trained.Model, trained.Model).AssertFailure(1, "a safetensors file", "npz");
    }
}
