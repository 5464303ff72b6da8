using System;
using System.IO;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tests.Layers.Data;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Study;
using ManagedDyn.Tool.Training;
using Xunit;

namespace ManagedDyn.Tests.Tool.Study;

/// <summary>Rows of networks that answer for each pixel, trained for a moment on a few scenes.</summary>
public sealed class PixelStudyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("segmenter")]
    [InlineData("denoiser")]
    public void RowsHaveAMeasureFromNoneToOneAndAreReadBack(string model)
    {
        ToolContext tool = new(new Terminal(new StringWriter(), new StringWriter(), isErrorTerminal: false, isOutputTerminal: false), CancellationToken.None);
        using Workers workers = new(1);
        StudyData data = new(new DatasetOptions { BuiltInTrainingCount = 240, BuiltInTestCount = 40, Folds = 5, ImageSize = 48 }, workers);
        StudyEntry entry = default!;
        foreach (StudyEntry row in StudyCatalogue.Entries(StudyCatalogue.SpatialWise, new TrainingPlan { Data = "glyphs", Epochs = 2, Folds = 5 }))
        {
            entry = row.Method.Model == model ? row : entry;
        }

        StudyFolder folder = new(Path.Combine(_folder.Root, "study"));
        StudyRunner runner = new(tool, folder, data, workers);
        StudyRun method = runner.Run(entry.Method, static () => 1e12);
        StudyRun plain = runner.Run(entry.Static);
        foreach (StudyRun run in (StudyRun[])[method, plain])
        {
            Assert.InRange(run.Accuracy, -1, 1);
            Assert.NotEqual(0, run.Accuracy);
            Assert.InRange(run.MeanMacs, 1, run.DenseMacs);
        }

        Assert.Equal(plain.DenseMacs, plain.MeanMacs);
        Assert.Equal(method, new StudyRunner(tool, folder, data, workers).Run(entry.Method, static () => 1e12));
        (double time, double other) = new StudyTimer(tool).Compare(runner.Load(entry.Method), runner.Load(entry.Static), data.Open(entry.Method.Data));
        Assert.True(time > 0 && other > 0, $"{time} and {other} ms");
    }
}
