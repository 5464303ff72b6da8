using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Study;
using ManagedDyn.Tool.Training;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Compares every method of a family with its static counterpart.</summary>
public sealed class StudyVerb : Verb
{
    private const int FullEpochs = 4;

    // So many images are learned from in all, so that the study ends in time on small and on large sets.
    private const int SpatialImages = 120_000;
    private const int LeastSpatialEpochs = 4;
    private const int MostSpatialEpochs = 12;
    private const int QuickSpatialEpochs = 6;
    private const int PixelEpochs = 8;
    private const int QuickEpochs = 8;
    private const int FullSeeds = 3;

    // Sequences are studied on many data sets: two seeds would take half an hour.
    private const int QuickSeeds = 1;

    // Sets of texts are small: with fewer of them to choose thresholds on, no exit could be trusted.
    private const float ValidationShare = 0.2f;

    // Images above are made smaller for a quick study.
    private const int QuickSize = 48;

    private readonly Argument<string> _study = new("STUDY") { Description = "The family: " + string.Join(" or ", StudyCatalogue.Names) + "." };
    private readonly Option<string?> _data = Options.Text("--data", "DIR|NAME", "The data set, as 'mdyn train' takes it; 'glyphs', the built-in one, if not given. For temporal-wise, the folder that holds the data sets.");
    private readonly Option<string?> _out = Options.Text("--out", "DIR", "The folder of the study; named after it if not given. What is there already is not run again.");
    private readonly Option<bool> _quick = Options.Flag("--quick", "For small data sets such as digits, in about twenty minutes; built-in images are few.");
    private readonly Option<string[]> _only = Options.Texts("--only", "TEXT", "Only the methods whose name holds this text; may be given several times.");
    private readonly Option<long?> _epochs = Options.Whole("--epochs", "N", $"Times to go through the training samples; {FullEpochs}, or {QuickEpochs} with --quick, if not given; for spatial-wise {LeastSpatialEpochs} to {MostSpatialEpochs} by the number of images, or {QuickSpatialEpochs} with --quick; for temporal-wise as the data set needs.", 1, 10_000);
    private readonly Option<long?> _seeds = Options.Whole("--seeds", "N", $"Runs of each method; {FullSeeds}, or {QuickSeeds} for temporal-wise with --quick, if not given.", 1, PairedDifference.MaximumPairs);
    private readonly Option<long?> _folds = Options.Whole("--folds", "N", "Let so many parts of a data set without a test part take turns as it, one run on each, instead of --seeds.", 2, PairedDifference.MaximumPairs);
    private readonly Option<long?> _size = Options.Whole("--image-size", "PIXELS", $"Resize images; as they are if not given, and with --quick at most {QuickSize}.", 4, 4096);
    private readonly Option<long?> _batch = Options.Whole("--batch", "N", "Images in a batch; 64 if not given.", 1, 65536);
    private readonly Option<long?> _shift = Options.Whole("--shift", "PIXELS", "Shift training images by up to so many pixels.", 0, 64);
    private readonly Option<bool> _flip = Options.Flag("--flip", "Mirror half of the training images.");
    private readonly Option<bool> _noTime = Options.Flag("--no-time", "Do not measure time.");
    private readonly Option<long?> _jobs = Options.Whole("--jobs", "N", $"Runs trained side by side; as many as cores for their threads, at most {StudyJobs.MostUsual}, if not given. Accuracies do not depend on it.", 1, 1024);
    private readonly Option<long?> _threads = Options.Whole("--threads", "N", "Threads to train each run with; 1, or the cores divided by --jobs, if not given. Accuracies do not depend on it.", 1, 1024);
    private readonly Option<bool> _finished = Options.Flag("--finished", "Only the methods whose runs are all in the folder: the table of a study that still goes on, without training.");
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public StudyVerb()
        : base("study", "Train every method of a family beside its static counterpart: accuracy, multiply-adds, time, with intervals. Hours; goes on where it stopped.")
    {
        Command.Arguments.Add(_study);
        foreach (Option option in (Option[])[_data, _out, _quick, _only, _epochs, _seeds, _folds, _size, _batch, _shift, _flip, _noTime, _jobs, _threads, _finished, _json])
        {
            Command.Options.Add(option);
        }
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn study instance-wise --data digits/ --quick", "all instance-wise methods on small images"),
        new("mdyn study instance-wise --data fashion-mnist/ --flip --shift 2 --out study", "the whole study; the same command goes on after a stop"),
        new("mdyn study spatial-wise --data sign-digits/ --folds 5", "all spatial-wise methods, each run tested on another fifth of the images"),
        new("mdyn study temporal-wise --data sets/ --quick", "texts and other sequences, on the data sets in the folder; rows whose set is missing are left out"),
        new("mdyn study instance-wise --only condconv --only dy-cnn --quick", "two methods on built-in images"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        string study = arguments.GetRequiredValue(_study);
        bool quick = arguments.GetValue(_quick);
        bool json = arguments.GetValue(_json);
        bool isTemporal = study == StudyCatalogue.TemporalWise;
        string source = arguments.GetValue(_data) ?? (isTemporal ? "." : Datasets.Glyphs);
        TrainingPlan common = new()
        {
            Data = !Datasets.IsBuiltIn(source) && (Directory.Exists(source) || File.Exists(source)) ? Path.GetFullPath(source) : source,
            Epochs = (int)(arguments.GetValue(_epochs) ?? (isTemporal ? 0 : quick ? QuickEpochs : FullEpochs)),
            BatchSize = (int)(arguments.GetValue(_batch) ?? (isTemporal ? 0 : 64)),
            Shift = (int)(arguments.GetValue(_shift) ?? 0),
            Flip = arguments.GetValue(_flip),
            Folds = (int)(arguments.GetValue(_folds) ?? 0),
            ImageSize = (int)(arguments.GetValue(_size) ?? 0),
        };
        if (common.Folds > 0 && arguments.GetValue(_seeds) is not null)
        {
            throw ToolException.Usage("--folds and --seeds were both given; a run on each fold has the seed of its number");
        }

        StudyJobs jobs = StudyJobs.Of((int?)arguments.GetValue(_jobs), (int?)arguments.GetValue(_threads), Environment.ProcessorCount);
        using Workers workers = new(jobs.Threads);
        StudyData data = isTemporal ? new StudyData(Sequences(common, quick), workers) : Open(ref common, quick, workers);
        bool isFree = study == StudyCatalogue.SpatialWise && arguments.GetValue(_epochs) is null;
        common = isFree ? common with { Epochs = SpatialEpochs(data.Open(common.Data).TrainingCount, quick) } : common;
        List<StudyEntry> entries = Chosen(study, common, quick, arguments.GetValue(_only) ?? []);
        if (isFree)
        {
            GivePixelsEpochs(entries);
        }

        if (isTemporal)
        {
            LeaveOutMissing(tool.Terminal, entries);
        }

        StudyFolder folder = new(arguments.GetValue(_out) ?? $"mdyn-study-{study}") { NamesData = isTemporal };
        int pairs = common.Folds > 0 ? common.Folds : (int)(arguments.GetValue(_seeds) ?? (isTemporal && quick ? QuickSeeds : FullSeeds));
        if (arguments.GetValue(_finished))
        {
            entries.RemoveAll(entry => !IsFinished(folder, entry, pairs));
            if (entries.Count == 0)
            {
                throw new ToolException($"no method of the study is finished in '{folder.Path}'; without --finished they are trained");
            }
        }

        StudyQueue queue = new(entries, pairs, folder, (row, done) =>
        {
            if (!json)
            {
                Tell(tool.Terminal, row, done, entries.Count);
            }
        });
        List<StudyRow> rows = [.. jobs.Complete(queue, tool, folder, data)];
        if (!arguments.GetValue(_noTime))
        {
            StudyTimer timer = new(tool);
            StudyRunner runner = new(tool, folder, data, workers);
            for (int i = 0; i < rows.Count; i++)
            {
                (double method, double plain) = timer.Compare(runner.Load(StudyQueue.Pair(entries[i].Method, 0)), runner.Load(StudyQueue.Pair(entries[i].Static, 0)), data.Open(entries[i].Method.Data));
                rows[i] = rows[i] with { MethodMilliseconds = method, StaticMilliseconds = plain };
            }
        }

        List<string> sets = [];
        foreach (StudyEntry entry in entries)
        {
            DataSplits set = data.Open(entry.Method.Data);
            string described = $"{set.Name}: {set.TrainingCount} training and {set.TestCount} test {set.Noun} of {set.ClassNames.Count} classes, {entry.Method.Epochs} epochs, batch {entry.Method.BatchSize}";
            if (!sets.Contains(described))
            {
                sets.Add(described);
            }
        }

        string title = $"{study} methods beside their static counterparts{(isTemporal ? string.Empty : $", {data.Open(common.Data).Name}")}";
        string settings = string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join("; ", sets)}; shift {common.Shift}, flip {(common.Flip ? "yes" : "no")}, {(common.Folds > 0 ? $"{common.Folds} folds as test part in turn" : $"seeds 1 to {pairs}")}; mdyn {Application.Version}.");
        string text = StudyPrinter.Json(title, settings, rows);
        OutputFile.WriteText(folder.Table, StudyPrinter.Markdown(title, settings, rows));
        OutputFile.WriteText(folder.Json, text + "\n");
        if (json)
        {
            tool.Terminal.WriteLine(text);
        }
        else
        {
            tool.Terminal.WriteLine();
            StudyPrinter.Print(tool.Terminal, rows);
            tool.Terminal.WriteLine();
            tool.Terminal.WriteLine(SafeText.Clean($"table: {Path.GetFullPath(folder.Table)}"));
        }

        return ExitCode.Ok;
    }

    private static List<StudyEntry> Chosen(string study, TrainingPlan common, bool isQuick, string[] only)
    {
        List<StudyEntry> entries = [.. StudyCatalogue.Entries(study, common, isQuick)];
        foreach (string text in only)
        {
            if (!entries.Exists(entry => Holds(entry, text)))
            {
                throw ToolException.Usage($"no method of the study has '{text}' in its name");
            }
        }

        entries.RemoveAll(entry => only.Length > 0 && !Array.Exists(only, text => Holds(entry, text)));
        return entries;
    }

    private static bool Holds(StudyEntry entry, string text) => entry.Name.Contains(text, StringComparison.OrdinalIgnoreCase);

    private static int SpatialEpochs(int images, bool quick) => quick ? QuickSpatialEpochs : Math.Clamp(SpatialImages / Math.Max(1, images), LeastSpatialEpochs, MostSpatialEpochs);

    private static void GivePixelsEpochs(List<StudyEntry> entries)
    {
        for (int i = 0; i < entries.Count; i++)
        {
            StudyEntry entry = entries[i];
            entries[i] = entry.Method.Data is Datasets.Scenes or Datasets.NoisyScenes
                ? entry with { Method = entry.Method with { Epochs = PixelEpochs }, Static = entry.Static with { Epochs = PixelEpochs } }
                : entry;
        }
    }

    private static bool IsFinished(StudyFolder folder, StudyEntry entry, int pairs)
    {
        bool isFinished = true;
        for (int pair = 0; pair < pairs; pair++)
        {
            isFinished &= folder.HasResult(StudyQueue.Pair(entry.Method, pair)) && folder.HasResult(StudyQueue.Pair(entry.Static, pair));
        }

        return isFinished;
    }

    private static StudyData Open(ref TrainingPlan common, bool quick, Workers workers)
    {
        DatasetOptions options = new() { Folds = common.Folds, ImageSize = common.ImageSize };
        options = quick ? options with { BuiltInTrainingCount = 2000, BuiltInTestCount = 1000 } : options;
        StudyData data = new(options, workers);
        if (!quick || common.ImageSize > 0 || data.Open(common.Data) is not ImageSplits images || Math.Max(images.Test.Height, images.Test.Width) <= QuickSize)
        {
            return data;
        }

        common = common with { ImageSize = QuickSize };
        return new StudyData(options with { ImageSize = QuickSize }, workers);
    }

    // Sequences that are made anew in every epoch; what is to be learned of them needs more than images do.
    private static DatasetOptions Sequences(TrainingPlan common, bool quick) => new()
    {
        Folds = common.Folds,
        BuiltInTrainingCount = quick ? 10_000 : 20_000,
        BuiltInTestCount = quick ? 1000 : 4000,
        ValidationFraction = ValidationShare,
    };

    private static void LeaveOutMissing(Terminal terminal, List<StudyEntry> entries)
    {
        HashSet<string> missing = new(StringComparer.Ordinal);
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            string data = entries[i].Method.Data;
            if (!TemporalRows.IsBuiltIn(data) && !Directory.Exists(data) && !File.Exists(data))
            {
                missing.Add(data);
                entries.RemoveAt(i);
            }
        }

        foreach (string data in missing)
        {
            terminal.Note($"there is no data set '{data}': its rows are left out; --data names the folder that holds the sets");
        }

        if (entries.Count == 0)
        {
            throw new ToolException("none of the study's data sets is there; --data names the folder that holds them");
        }
    }

    private static void Tell(Terminal terminal, StudyRow row, int done, int all)
    {
        terminal.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{done}/{all} {row.Entry.Name}: {100 * row.MethodAccuracy:F2} % (static {100 * row.StaticAccuracy:F2} %), {Quantity.Percent(row.MacsRatio, 0)} of the MACs"));
        terminal.Flush();
    }
}
