using System;
using System.Collections.Generic;
using System.CommandLine;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Answers;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Dense;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Inputs;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Asks a model about inputs.</summary>
public sealed class RunVerb : Verb
{
    private const int BatchSize = 256;
    private const long DefaultMegabytes = 512;

    private readonly Argument<string[]> _inputs = new("INPUT")
    {
        Description = "Pictures (PNG, JPEG, BMP), recordings (WAV), npy arrays, IDX files, or folders of these; for a model of videos, folders of numbered frames; for a model of texts, files with a text in each line, or - for standard input. Bytes are normalised as the model asks; arrays of floats must be already.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _model = Options.Text("--model", "FILE|NAME", "The model: a file, or the short name of one that comes with the tool.");
    private readonly BudgetOptions _budget = new();
    private readonly Option<long?> _top = Options.Whole("--top", "K", "Show the K most probable classes of each input.", 1, 1000);
    private readonly Option<long?> _limit = Options.Whole("--limit", "N", "Stop after N inputs.", 1, int.MaxValue);
    private readonly Option<long?> _threads = Options.Whole("--threads", "N", "Threads to use; 1 unless many inputs are given.", 1, 1024);
    private readonly Option<bool> _exact = Options.Flag("--exact", "Take direct sums only: slower, and the same bits whatever is selected.");
    private readonly Option<bool> _explain = Options.Flag("--explain", "Tell which words, steps, exits, layers, channels, experts or branches each answer used, with scores and multiply-adds.");
    private readonly Option<string?> _report = Options.Text("--report", "FILE", "Write the explanation of each answer as one HTML file, with drawings.");
    private readonly Option<string?> _heatmap = Options.Text("--heatmap", "FILE", "Draw where layers computed as a PNG: masks, steps, crops and sizes over the input; -2, -3 … are added for further inputs.");
    private readonly Option<string?> _out = Options.Text("--out", "FILE", "Write the answer for each pixel, or with --tiles for each tile, as a PNG; of pixels an .npy file gets the numbers.");
    private readonly Option<long?> _memory = Options.Whole("--memory", "MB", "The most working memory of a model that answers for each pixel; larger pictures are run in tiles. 512 if not given.", 1, 1 << 20);
    private readonly Option<bool> _tiles = Options.Flag("--tiles", "Ask a classifier about each tile of a large picture instead of about the whole, scaled down.");
    private readonly Option<double?> _reject = Options.Number("--reject-below", "P", "Tell that an input is of none of the classes when the most probable one is less probable than this; the model's own bound if not given.", 0, 1);
    private readonly Option<long?> _window = Options.Whole("--window", "N", "Of videos: every N frames in a row are one input; all of a folder if not given.", 1, int.MaxValue);
    private readonly Option<bool> _stream = Options.Flag("--stream", "Of videos: tell the running answer after each frame, and whether it is sure; with --json a line of JSON each.");
    private readonly Option<bool> _reuse = Options.Flag("--reuse", "Of a model of pictures: folders of numbered frames are films, of which only the pixels that changed since the frame before are computed, with the bits of each frame run whole.");
    private readonly Option<double?> _reuseThreshold = Options.Number("--reuse-threshold", "X", "With --reuse: values of a layer's map count as changed when they differ by more than this; 0, exact, if not given.", 0, 1e6);
    private readonly Option<bool> _json = Options.Flag("--json", "Print the answers as JSON; of texts, one object a line, as soon as it is answered.");

    public RunVerb()
        : base("run", "Ask a model about inputs: label, confidence by its exit rule, the exit taken, multiply-adds and the time to the answer of each (inputs run in batches), or an answer for each pixel. Inputs that cannot be read are told and left out; the exit code is then 1.")
    {
        Command.Arguments.Add(_inputs);
        Command.Options.Add(_model);
        _budget.AddTo(Command);
        Command.Options.Add(_top);
        Command.Options.Add(_limit);
        Command.Options.Add(_threads);
        Command.Options.Add(_exact);
        Command.Options.Add(_explain);
        Command.Options.Add(_report);
        Command.Options.Add(_heatmap);
        Command.Options.Add(_out);
        Command.Options.Add(_memory);
        Command.Options.Add(_tiles);
        Command.Options.Add(_reject);
        Command.Options.Add(_window);
        Command.Options.Add(_stream);
        Command.Options.Add(_reuse);
        Command.Options.Add(_reuseThreshold);
        Command.Options.Add(_json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn run boot.png", "label, confidence, exit, MACs and time"),
        new("mdyn run --budget 5M pictures/", "every picture of a folder, at most 5 million multiply-adds each"),
        new("mdyn run boot.png --explain --report why.html", "which exits and layers the answer used, printed and drawn"),
        new("mdyn run --model run1/model.safetensors --heatmap where.png photo.jpg", "a picture of where each layer computed"),
        new("mdyn run --model scenes.safetensors --memory 128 --out map.png large.png", "a class for each pixel of a picture of any size"),
        new("mdyn run --tiles --out classes.png large.png", "a class for each tile of a large picture"),
        new("mdyn run --model intents.safetensors --json - < lines.txt", "a JSON object for each line of standard input, as it comes"),
        new("mdyn run --model video.safetensors clip/ --explain", "a folder of numbered frames: the class, and which frames were looked at"),
        new("mdyn run --model video.safetensors clip/ --stream", "the running answer after each frame, and whether it is sure"),
        new("mdyn run --model pictures.safetensors --reuse film/ --explain", "frames of a film: only pixels that changed are computed, and how many of each layer were"),
        new("mdyn run --model digits.safetensors --explain seven.wav", "a recording: which steps of it were read before the network was sure"),
        new("mdyn run --deadline 2 --model my.safetensors a.jpg b.npy --json", "the best answers after 2 ms, as JSON"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        string? report = arguments.GetValue(_report);
        string? heatmap = arguments.GetValue(_heatmap);
        string? map = arguments.GetValue(_out);
        CheckOutputs(arguments, report, heatmap, map);
        CheckForm("--heatmap", heatmap, ".png");
        CheckForm("--out", map, arguments.GetValue(_tiles) ? [".png"] : [".png", ".npy"]);
        OutputFile.CheckWritable(report);
        OutputFile.CheckWritable(heatmap);
        OutputFile.CheckWritable(map);
        Model model = ModelStore.Load(arguments.GetValue(_model));
        (Budget budget, string budgetText) = _budget.Read(arguments, model);
        int top = (int)Math.Min(arguments.GetValue(_top) ?? 1, model.ClassCount);
        using Workers workers = new((int)(arguments.GetValue(_threads) ?? 1));
        UnreadableInputs unreadable = new(tool.Terminal);
        if (arguments.GetValue(_reuse) || arguments.GetValue(_reuseThreshold) is not null)
        {
            return Reuse(arguments, tool, model, workers, unreadable);
        }

        if (arguments.GetValue(_stream))
        {
            Options.RefuseIdle(arguments, "with --stream, which tells the running answer after each frame", _top, _limit, _explain, _report, _heatmap, _out, _memory, _tiles, _reject, _window);
            return Stream(arguments, tool, model, budget, workers, unreadable);
        }

        if (model.SampleShape.Rank != 4)
        {
            Options.RefuseIdle(arguments, $"for this model, which takes samples of shape {model.SampleShape} and no frames", _window);
        }

        if (model.Answers != AnswerKind.Label || arguments.GetValue(_tiles))
        {
            Options.RefuseIdle(arguments, model.Answers == AnswerKind.Label ? "with --tiles" : "for a model that answers for each pixel", _top, _explain, _reject);
            AskPixels(arguments, tool, model, new DenseRunOptions
            {
                Workers = workers,
                Budget = budget,
                BudgetText = budgetText,
                Accuracy = arguments.GetValue(_exact) ? Accuracy.Exact : Accuracy.Fast,
                MemoryBytes = (arguments.GetValue(_memory) ?? DefaultMegabytes) << 20,
                Out = map,
                Heatmap = heatmap,
                Report = report,
                IsJson = arguments.GetValue(_json),
                Unreadable = unreadable.Tell,
            });
            return unreadable.ExitCode;
        }

        if (map is not null || arguments.GetValue(_memory) is not null)
        {
            throw ToolException.Usage($"{(map is not null ? "--out" : "--memory")} is for models that answer for each pixel; this one answers with a class for the whole picture, or with --tiles for each tile");
        }

        Session session = new(model, new SessionOptions
        {
            Workers = workers,
            KeepTrace = true,
            KeepDecisions = arguments.GetValue(_explain) || report is not null || heatmap is not null,
            Accuracy = arguments.GetValue(_exact) ? Accuracy.Exact : Accuracy.Fast,
        });
        bool timed = _budget.HasDeadline(arguments);

        // What the first call sets up is no part of an answer's time.
        session.WarmUp();

        AnswerSink sink = Sink(arguments, tool, model, budgetText);
        using IDisposable? disposable = sink as IDisposable;
        if (report is not null)
        {
            sink = new AnswerPair(sink, new AnswerPage(report, model, budgetText));
        }

        if (heatmap is not null)
        {
            sink = new AnswerPair(sink, new AnswerHeatmap(heatmap, model));
        }

        // A deadline counts for each input, so they are asked one at a time.
        int batchSize = timed ? 1 : BatchSize;
        Questioner questioner = new(session, budget, sink, tool.Cancellation) { Top = top, LeastConfidence = (float)(arguments.GetValue(_reject) ?? model.Description.LeastConfidence) };
        bool anyAnswered = false;
        List<InputSample> batch = [];
        foreach (InputSample sample in Inputs(arguments, tool, model, unreadable.Tell))
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            anyAnswered = true;
            batch.Add(sample);
            if (batch.Count == batchSize || sample.MayWait)
            {
                questioner.Ask(batch);
                sink.Pass();
            }
        }

        questioner.Ask(batch);
        if (anyAnswered || !unreadable.Any)
        {
            sink.Finish();
        }

        return unreadable.ExitCode;
    }

    // Inputs are read while outputs are written: none may be both.
    private void CheckOutputs(ParseResult arguments, string? report, string? heatmap, string? map)
    {
        if (report is null && heatmap is null && map is null)
        {
            return;
        }

        List<string> inputs = InputFiles.Of(arguments.GetRequiredValue(_inputs));
        OutputFile.CheckDistinct([report, heatmap, map], [arguments.GetValue(_model), .. inputs]);
        if (!InputFiles.IsOne(inputs))
        {
            NumberedFile.CheckApart(heatmap, inputs);
            NumberedFile.CheckApart(map, inputs);
        }
    }

    // What is written is told by the name: another one would be believed.
    private static void CheckForm(string option, string? path, params ReadOnlySpan<string> endings)
    {
        if (path is null)
        {
            return;
        }

        foreach (string ending in endings)
        {
            if (path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            {
                return;
            }
        }

        throw ToolException.Usage($"{option} is '{path}'; expected a name that ends in {string.Join(" or ", endings)}");
    }

    private AnswerSink Sink(ParseResult arguments, ToolContext tool, Model model, string budget)
    {
        bool isText = model.Encoding is TextEncoding;
        if (arguments.GetValue(_json))
        {
            return isText ? new AnswerJsonLines(tool.Terminal, model) : new AnswerJson(tool.Terminal, model, budget);
        }

        return arguments.GetValue(_explain) ? new AnswerExplanation(tool.Terminal, model)
            : isText ? new AnswerLines(tool.Terminal, model)
            : new AnswerTable(tool.Terminal, model, budget);
    }

    private ExitCode Stream(ParseResult arguments, ToolContext tool, Model model, Budget budget, Workers workers, UnreadableInputs unreadable)
    {
        bool isJson = arguments.GetValue(_json);
        SessionOptions options = new() { Workers = workers, Accuracy = arguments.GetValue(_exact) ? Accuracy.Exact : Accuracy.Fast };
        InputReader reader = new(model) { Unreadable = unreadable.Tell };
        FrameStream stream = new(tool, model, budget, options, isJson);
        foreach (string path in arguments.GetRequiredValue(_inputs))
        {
            foreach (FrameFiles video in reader.Videos(path))
            {
                if (stream.Run(video, reader) is (int read, int count) && !isJson)
                {
                    tool.Terminal.WriteLine(SafeText.Clean($"{video.Name}: {read} of {count} frames looked at"));
                }
            }
        }

        tool.Terminal.Flush();
        return unreadable.ExitCode;
    }

    private ExitCode Reuse(ParseResult arguments, ToolContext tool, Model model, Workers workers, UnreadableInputs unreadable)
    {
        if (!arguments.GetValue(_reuse))
        {
            throw ToolException.Usage("--reuse-threshold was given without --reuse");
        }

        foreach ((bool isGiven, string other) in (ReadOnlySpan<(bool, string)>)
        [
            (arguments.GetValue(_stream), "--stream"), (arguments.GetValue(_tiles), "--tiles"), (arguments.GetValue(_report) is not null, "--report"), (arguments.GetValue(_heatmap) is not null, "--heatmap"),
            (arguments.GetValue(_out) is not null, "--out"), (arguments.GetValue(_memory) is not null, "--memory"), (arguments.GetValue(_window) is not null, "--window"),
        ])
        {
            if (isGiven)
            {
                throw ToolException.Usage($"{other} cannot be given with --reuse; --explain and --json tell what each layer computed");
            }
        }

        Options.RefuseIdle(arguments, "with --reuse, which runs each frame of a film through the whole network", [_top, _limit, _reject, .. _budget.All]);
        SessionOptions options = new() { Workers = workers, KeepDecisions = arguments.GetValue(_explain), Accuracy = arguments.GetValue(_exact) ? Accuracy.Exact : Accuracy.Fast };
        FilmFrames films = new(tool, model, (float)(arguments.GetValue(_reuseThreshold) ?? 0), options, arguments.GetValue(_json));
        InputReader reader = new(model) { Unreadable = unreadable.Tell };
        foreach (string path in arguments.GetRequiredValue(_inputs))
        {
            foreach (FrameFiles film in reader.Films(path))
            {
                films.Run(film, reader);
            }
        }

        return unreadable.ExitCode;
    }

    private void AskPixels(ParseResult arguments, ToolContext tool, Model model, DenseRunOptions options)
    {
        if (model.SampleShape.Rank != 3 || model.SampleShape[2] is not (1 or 3))
        {
            throw new ToolException($"the model takes samples of shape {model.SampleShape}; expected one of pictures, [height, width, 1 or 3]");
        }

        long limit = arguments.GetValue(_limit) ?? long.MaxValue;
        IEnumerable<(string Name, PixelImage Picture)> pictures = PictureFiles.Read(arguments.GetRequiredValue(_inputs), model.SampleShape[2], options.Unreadable);
        if (model.Answers != AnswerKind.Label)
        {
            if (arguments.GetValue(_tiles))
            {
                throw ToolException.Usage("--tiles is for models that answer with a class; this one answers for each pixel, and takes tiles by itself when --memory asks for them");
            }

            new DenseRun(tool, model, options).Ask(pictures, limit);
            return;
        }

        if (options.Report is not null || arguments.GetValue(_memory) is not null)
        {
            throw ToolException.Usage($"{(options.Report is not null ? "--report" : "--memory")} cannot be given with --tiles; --out and --heatmap draw the tiles, --json lists them");
        }

        new TileScores(tool, model, options).Ask(pictures, limit);
    }

    private IEnumerable<InputSample> Inputs(ParseResult arguments, ToolContext tool, Model model, Action<ToolException> skip)
    {
        InputReader reader = new(model) { Window = (int)(arguments.GetValue(_window) ?? 0), Unreadable = skip, Cancellation = tool.Cancellation };
        long left = arguments.GetValue(_limit) ?? long.MaxValue;
        foreach (string path in arguments.GetRequiredValue(_inputs))
        {
            foreach (InputSample sample in reader.Read(path))
            {
                yield return sample;
                if (--left == 0)
                {
                    yield break;
                }
            }
        }
    }
}
