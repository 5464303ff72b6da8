using System.Collections.Generic;
using System.IO;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Study;

/// <summary>The study of sequences: each method on the kind of data that it is for.</summary>
internal static class TemporalRows
{
    private const string Intents = "text-banking77";
    private const string Queries = "text-clinc150";
    private const string Messages = "text-sms-spam";
    private const string Recordings = "audio-fsdd";
    private const string Vowels = "seq-japanese-vowels";
    private const string Digits = "digits";

    // Whether two numbers that are far apart belong together is found out in many small steps, or not at all.
    private const double AddingRate = 5e-3;

    /// <summary>All comparisons, in the order in which they are run.</summary>
    public static IReadOnlyList<TemporalRow> All { get; } =
    [
        new("exit-transformer", Intents, 15, 6),
        new("learned-exit-transformer", Intents, 15, 6),
        new("token-drop-transformer", Intents, 15, 6),
        new("learned-token-drop", Intents, 15, 6),
        new("universal-transformer", Intents, 15, 6) { MostMacs = 0.8 },
        new("moe-transformer", Intents, 15, 6),
        new("switch-transformer", Intents, 15, 6),
        new("exit-transformer", Queries, 12, 4),
        new("token-drop-transformer", Queries, 12, 4),
        new("skim-lstm", Messages, 15, 6) { MostLost = 0.003 },
        new("skip-lstm", Messages, 15, 6) { MostLost = 0.003 },
        new("jump-lstm", Messages, 15, 6) { MostLost = 0.003 },
        new("early-stop-lstm", Messages, 15, 6) { MostLost = 0.003 },
        new("early-stop-conv", Recordings, 20, 8),
        new("early-stop-learned", Recordings, 20, 8),
        new("early-stop-policy", Recordings, 20, 8),
        new("early-stop-lstm", Vowels, 40, 20, 16),
        new("skip-lstm", Datasets.Adding, 12, 8) { Rate = AddingRate },
        new("skip-gru", Datasets.Adding, 12, 8) { Rate = AddingRate },
        new("skip-gru", Digits, 20, 8),
        new("frame-exit", GlyphVideos.SetName, 12, 8, 16) { MostMacs = 0.5, MostLost = 0.005 },
        new("ada-frame", GlyphVideos.SetName, 12, 8, 16) { MostMacs = 0.5, MostLost = 0.005 },
        new("key-frames", GlyphVideos.SetName, 12, 8, 16) { MostMacs = 0.5, MostLost = 0.005 },
        new("ar-net", GlyphVideos.SetName, 12, 8, 16) { MostMacs = 0.5, MostLost = 0.005 },
    ];

    /// <summary>The rows as plans.</summary>
    /// <param name="common">What all share; its data are the folder of data sets, and its epochs, where they are not 0, those of every row.</param>
    /// <param name="isQuick">Whether the study is to be quick.</param>
    public static IReadOnlyList<StudyEntry> Entries(TrainingPlan common, bool isQuick)
    {
        List<StudyEntry> entries = [];
        foreach (TemporalRow row in All)
        {
            ModelPreset preset = ModelPreset.Find(row.Model);
            TrainingPlan plan = common with
            {
                Data = IsBuiltIn(row.Data) ? row.Data : Path.Combine(common.Data, row.Data),
                Epochs = common.Epochs > 0 ? common.Epochs : isQuick ? row.QuickEpochs : row.Epochs,
                BatchSize = common.BatchSize > 0 ? common.BatchSize : row.Batch,
            };
            entries.Add(new StudyEntry($"{row.Model}, {row.Data}", For(row.Model, plan, row.Rate), For(preset.Static, plan, row.Rate), preset.AddsAccuracy ? StudyClaim.AddsAccuracy : StudyClaim.SavesCompute)
            {
                MostMacs = row.MostMacs,
                MostLost = row.MostLost,
            });
        }

        return entries;
    }

    /// <summary>Whether a set needs no folder.</summary>
    public static bool IsBuiltIn(string data) => Datasets.IsBuiltIn(data);

    private static TrainingPlan For(string model, TrainingPlan plan, double rate)
    {
        double usual = ModelPreset.Find(model).Rate;
        return plan with { Model = model, Rate = rate > 0 ? rate : usual > 0 ? usual : plan.Rate };
    }
}
