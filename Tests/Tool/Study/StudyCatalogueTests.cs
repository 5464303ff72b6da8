using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
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
            Assert.True(preset.Static.Length == 0 || preset.Answers != AnswerKind.Label || studied.Contains(preset.Name), $"{preset.Name} is in no study");
            Assert.True(preset.Paper.Length > 0 || preset.Static.Length == 0, $"{preset.Name} is compared with {preset.Static}, but names no paper");
        }
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
