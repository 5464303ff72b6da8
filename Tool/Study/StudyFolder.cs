using System.Globalization;
using System.IO;
using System.Text;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Study;

/// <summary>The files of a study: a training folder for each plan, seed and fold, and what was concluded.</summary>
public sealed record StudyFolder(string Path)
{
    public string Table => System.IO.Path.Combine(Path, "study.md");

    public string Json => System.IO.Path.Combine(Path, "study.json");

    /// <summary>Whether runs are told apart by their data too.</summary>
    public bool NamesData { get; init; }

    /// <summary>Whether a run has come to its result.</summary>
    public bool HasResult(TrainingPlan plan)
    {
        TrainingFolder run = RunOf(plan);
        return File.Exists(run.Result) && File.Exists(run.Model);
    }

    /// <summary>The folder of one run, named after what tells its plan from the others of the study.</summary>
    public TrainingFolder RunOf(TrainingPlan plan)
    {
        StringBuilder name = new(plan.Model);
        if (plan.Attention != TrainingPlan.UsualAttention || plan.Activation != TrainingPlan.UsualActivation)
        {
            name.Append(CultureInfo.InvariantCulture, $"-{plan.Attention}-{plan.Activation}");
        }

        if (plan.Folds > 0)
        {
            name.Append(CultureInfo.InvariantCulture, $"-fold{plan.Fold + 1}");
        }

        if (NamesData)
        {
            name.Append('-').Append(System.IO.Path.GetFileName(plan.Data));
        }

        name.Append(CultureInfo.InvariantCulture, $"-seed{plan.Seed}");
        return new TrainingFolder(System.IO.Path.Combine(Path, name.ToString()));
    }
}
