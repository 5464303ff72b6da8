using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Makes models of trained networks, and files of models.</summary>
public static class ModelBuilding
{
    /// <summary>Freezes what training left, with all that running it needs and the record of how it came about.</summary>
    public static Model Freeze(TrainingOutcome outcome, TrainingPlan plan, DataSplits data)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(data);
        List<KeyValuePair<string, string>> record =
        [
            // The name of the set and not where it lay: a model is handed on, and the path would be of no use and tell of its maker's folders.
            .. (plan with { Data = data.Name }).Entries,
            new("training " + data.Noun, data.TrainingCount.ToString(CultureInfo.InvariantCulture)),
            new("training seconds", outcome.Elapsed.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)),
            new("tool", "mdyn " + Application.Version),
        ];
        if (outcome.Result.Validation is { } validation)
        {
            record.Add(new("validation accuracy", string.Join(' ', Percents(validation.Accuracies))));
        }

        return new Model(outcome.Network, new ModelDescription
        {
            Encoding = outcome.Encoding,
            Labels = outcome.Network.Answers == AnswerKind.Picture ? [] : data.ClassNames,
            Criterion = outcome.Network.HasExitGates ? new LearnedExit() : new MaxProbability(),
            Training = new TrainingRecord([.. record]),
        });
    }

    public static void Save(Model model, string path)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            ModelFile.Save(model, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot write the model '{path}': {ToolException.Reason(e)}", e);
        }
    }

    private static List<string> Percents(IReadOnlyList<double> fractions)
    {
        List<string> texts = [];
        foreach (double fraction in fractions)
        {
            texts.Add((100 * fraction).ToString("F2", CultureInfo.InvariantCulture));
        }

        return texts;
    }
}
