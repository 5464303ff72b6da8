using System.Collections.Generic;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.Study;
using ManagedDyn.Tool.Training;
using Xunit;

namespace ManagedDyn.Tests.Tool.Study;

public sealed class StudyCatalogueTests
{
    private static readonly TrainingPlan Common = new() { Data = "glyphs", Epochs = 3 };

    [Fact]
    public void EveryPresetThatNamesACounterpartIsARow()
    {
        HashSet<string> studied = [];
        foreach (string study in StudyCatalogue.Names)
        {
            foreach (StudyEntry entry in StudyCatalogue.Entries(study, Common))
            {
                studied.Add(entry.Method.Model);
                Assert.Equal(Common.Epochs, entry.Method.Epochs);
                Assert.Equal(Common.Epochs, entry.Static.Epochs);
                Assert.NotEqual(entry.Method, entry.Static);
            }
        }

        foreach (ModelPreset preset in ModelPreset.All)
        {
            Assert.True(preset.Static.Length == 0 || studied.Contains(preset.Name), $"{preset.Name} is in no study");
            Assert.True(preset.Paper.Length > 0 || preset.Static.Length == 0, $"{preset.Name} is compared with {preset.Static}, but names no paper");
        }
    }

    [Fact]
    public void NetworksOfPixelsAreStudiedOnScenesAndNotInAHurry()
    {
        TrainingPlan common = Common with { Folds = 5, Fold = 2, ImageSize = 48, Shift = 3, Flip = true };
        List<StudyEntry> rows = [.. StudyCatalogue.Entries(StudyCatalogue.SpatialWise, common)];
        rows.RemoveAll(static row => row.Method.Data is not (Datasets.Scenes or Datasets.NoisyScenes));
        Assert.Equal(2, rows.Count);
        foreach (StudyEntry row in rows)
        {
            Assert.Equal((0, 0, 0, false), (row.Method.Folds, row.Method.ImageSize, row.Method.Shift, row.Static.Flip));
            Assert.Equal(row.Method.BatchSize, row.Static.BatchSize);
        }

        Assert.DoesNotContain(StudyCatalogue.Entries(StudyCatalogue.SpatialWise, common, isQuick: true), static row => row.Method.Data != Common.Data);
    }

    [Fact]
    public void RowsHaveFoldersOfTheirOwn()
    {
        foreach (string study in StudyCatalogue.Names)
        {
            StudyFolder folder = new("out") { NamesData = study == StudyCatalogue.TemporalWise };
            Dictionary<string, TrainingPlan> plans = [];
            foreach (StudyEntry entry in StudyCatalogue.Entries(study, Common))
            {
                foreach (TrainingPlan plan in (TrainingPlan[])[entry.Method, entry.Static])
                {
                    string path = folder.RunOf(plan).Path;
                    Assert.True(!plans.TryGetValue(path, out TrainingPlan? other) || other == plan, $"{path} is shared by two plans");
                    plans[path] = plan;
                }
            }
        }
    }
}
