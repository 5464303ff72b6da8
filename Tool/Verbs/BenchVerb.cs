using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Benchmarks;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Shows where a model's time goes on this machine.</summary>
public sealed class BenchVerb : Verb
{
    private const int DefaultBatch = 256;
    private const double DefaultSeconds = 2;

    private readonly Argument<string?> _model = new("MODEL")
    {
        Description = "A model file or the short name of a model that comes with the tool.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<long?> _batch = Options.Whole("--batch", "N", $"The batch size measured beside 1; {DefaultBatch} if not given.", 1, 65536);
    private readonly Option<long?> _threads = Options.Whole("--threads", "N", "Threads to use; 1 if not given.", 1, 1024);
    private readonly Option<double?> _seconds = Options.Number("--seconds", "S", $"Time to spend on each batch size; {DefaultSeconds} if not given; a tenth of it on each kernel.", 0.01, 3600);
    private readonly Option<bool> _kernels = Options.Flag("--kernels", "Measure the engine's kernels at usual shapes instead of a model.");
    private readonly Option<bool> _json = Options.Flag("--json", "Print the result as JSON.");

    public BenchVerb()
        : base("bench", "Measure a model on this machine: time of each exit and each layer, and how near the processor's peak it comes.")
    {
        Command.Arguments.Add(_model);
        Command.Options.Add(_batch);
        Command.Options.Add(_threads);
        Command.Options.Add(_seconds);
        Command.Options.Add(_kernels);
        Command.Options.Add(_json);
    }

    public override IReadOnlyList<Example> Examples =>
    [
        new("mdyn bench", "the model that comes with the tool, one input at a time and in batches"),
        new("mdyn bench --kernels --threads 2", "convolutions, matrix products and the rest, whatever the model"),
        new("mdyn bench my.safetensors --batch 64 --threads 2 --json", "your own, on two threads, as JSON"),
    ];

    public override ExitCode Run(ParseResult arguments, ToolContext tool)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(tool);
        if (arguments.GetValue(_kernels))
        {
            return RunKernels(arguments, tool);
        }

        string path = ModelStore.Find(arguments.GetValue(_model));
        Model model = ModelStore.LoadClassifier(path);
        int batch = (int)(arguments.GetValue(_batch) ?? DefaultBatch);
        double seconds = arguments.GetValue(_seconds) ?? DefaultSeconds;
        using Workers workers = new((int)(arguments.GetValue(_threads) ?? 1));
        List<BatchTiming> timings = [];
        double peak;
        using (ProgressLine line = new(tool.Terminal))
        {
            line.Update("measuring", 0, "the processor's peak");
            peak = PeakMeter.MultiplyAddsPerSecond(workers);
            ModelTimer timer = new(model, workers, tool);
            foreach (int size in batch == 1 ? [1] : new[] { 1, batch })
            {
                line.Update("measuring", timings.Count == 0 ? 0.1 : 0.5, string.Create(CultureInfo.InvariantCulture, $"batch {size}"));
                timings.Add(timer.Measure(size, seconds));
            }
        }

        if (arguments.GetValue(_json))
        {
            tool.Terminal.WriteLine(ToJson(path, model, workers.Threads, peak, timings));
        }
        else
        {
            Print(tool.Terminal, path, model, workers.Threads, peak, timings);
        }

        return ExitCode.Ok;
    }

    private ExitCode RunKernels(ParseResult arguments, ToolContext tool)
    {
        if (arguments.GetValue(_model) is { } model)
        {
            throw ToolException.Usage($"--kernels measures no model, but {SafeText.Clean(model)} was given; leave one of them out.");
        }

        Options.RefuseIdle(arguments, "with --kernels, whose shapes are fixed", _batch);
        using Workers workers = new((int)(arguments.GetValue(_threads) ?? 1));
        double peak;
        List<KernelTiming> timings;
        using (ProgressLine line = new(tool.Terminal))
        {
            line.Update("measuring", 0, "the kernels");
            peak = PeakMeter.MultiplyAddsPerSecond(workers);
            timings = new KernelTimer(workers, tool).Measure((arguments.GetValue(_seconds) ?? DefaultSeconds) / 10);
        }

        if (arguments.GetValue(_json))
        {
            using JsonDocumentWriter json = new();
            json.Object().Whole("threads", workers.Threads).Number("peak_macs_per_second", peak).Array("kernels");
            foreach (KernelTiming timing in timings)
            {
                json.Object().Text("name", timing.Name).Whole("macs", timing.Macs).Number("milliseconds", timing.Milliseconds)
                    .Number("of_peak", timing.Macs > 0 ? Share(timing.Macs, timing.Milliseconds, peak) : null).EndObject();
            }

            tool.Terminal.WriteLine(json.EndArray().EndObject().ToString());
            return ExitCode.Ok;
        }

        TextTable table = new("kernel", ">MACs", ">time", ">of peak");
        foreach (KernelTiming timing in timings)
        {
            table.Add(
                timing.Name, timing.Macs > 0 ? Quantity.Scaled(timing.Macs) : "–", Quantity.Milliseconds(timing.Milliseconds),
                timing.Macs > 0 ? OfPeak(timing.Macs, timing.Milliseconds, peak) : "–");
        }

        table.Write(tool.Terminal, string.Empty);
        return ExitCode.Ok;
    }

    private static void Print(Terminal terminal, string path, Model model, int threads, double peak, List<BatchTiming> timings)
    {
        terminal.WriteLine(SafeText.Clean(
            $"{path}: {Quantity.Scaled(model.FullMacs)} MACs, {threads} {(threads == 1 ? "thread" : "threads")}, peak {Quantity.Scaled(peak)} multiply-adds a second"));
        terminal.WriteLine();
        PrintExits(terminal, model, peak, timings);
        foreach (BatchTiming timing in timings)
        {
            terminal.WriteLine();
            PrintLayers(terminal, peak, timing);
        }
    }

    private static void PrintExits(Terminal terminal, Model model, double peak, List<BatchTiming> timings)
    {
        List<string> titles = [">exit", ">MACs", ">of all"];
        foreach (BatchTiming timing in timings)
        {
            titles.Add(string.Create(CultureInfo.InvariantCulture, $">batch {timing.Batch}"));
            titles.Add(">of all");
            titles.Add(">of peak");
        }

        TextTable table = new(titles.ToArray());
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            List<string> cells =
            [
                (exit + 1).ToString(CultureInfo.InvariantCulture),
                Quantity.Scaled(model.ExitMacs(exit)),
                Quantity.Percent((double)model.ExitMacs(exit) / model.FullMacs),
            ];
            foreach (BatchTiming timing in timings)
            {
                double time = timing.ExitMilliseconds[exit];
                cells.Add(Quantity.Milliseconds(time));
                cells.Add(Quantity.Percent(time / timing.Milliseconds));
                cells.Add(OfPeak(model.ExitMacs(exit), time, peak));
            }

            table.Add(cells.ToArray());
        }

        table.Write(terminal, string.Empty);
    }

    private static void PrintLayers(Terminal terminal, double peak, BatchTiming timing)
    {
        double total = 0;
        foreach (LayerTiming layer in timing.Layers)
        {
            total += layer.Milliseconds;
        }

        TextTable table = new(string.Create(CultureInfo.InvariantCulture, $"layer (batch {timing.Batch}, an input)"), "kind", ">MACs", ">time", ">of all", ">of peak");
        foreach (LayerTiming layer in timing.Layers)
        {
            bool counts = layer.Macs > 0;
            table.Add(
                layer.Name,
                layer.Kind,
                counts ? Quantity.Scaled(layer.Macs) : "–",
                Quantity.Milliseconds(layer.Milliseconds),
                Quantity.Percent(layer.Milliseconds / total),
                counts ? OfPeak(layer.Macs, layer.Milliseconds, peak) : "–");
        }

        table.Add("all layers", string.Empty, string.Empty, Quantity.Milliseconds(total), Quantity.Percent(1), string.Empty);
        table.Write(terminal, string.Empty);
    }

    private static string ToJson(string path, Model model, int threads, double peak, List<BatchTiming> timings)
    {
        using JsonDocumentWriter json = new();
        json.Object().Text("file", path).Whole("macs", model.FullMacs).Whole("threads", threads).Number("peak_macs_per_second", peak).Array("batches");
        foreach (BatchTiming timing in timings)
        {
            json.Object().Whole("batch", timing.Batch).Number("milliseconds", timing.Milliseconds)
                .Number("of_peak", Share(model.FullMacs, timing.Milliseconds, peak)).Array("exits");
            for (int exit = 0; exit < model.ExitCount; exit++)
            {
                json.Object().Whole("exit", exit + 1).Whole("macs", model.ExitMacs(exit)).Number("milliseconds", timing.ExitMilliseconds[exit]).EndObject();
            }

            json.EndArray().Array("layers");
            foreach (LayerTiming layer in timing.Layers)
            {
                json.Object().Text("name", layer.Name).Text("kind", layer.Kind).Whole("macs", layer.Macs).Number("milliseconds", layer.Milliseconds)
                    .Number("of_peak", layer.Macs > 0 ? Share(layer.Macs, layer.Milliseconds, peak) : null).EndObject();
            }

            json.EndArray().EndObject();
        }

        return json.EndArray().EndObject().ToString();
    }

    private static double Share(long macs, double milliseconds, double peak) => macs / (milliseconds / 1000) / peak;

    private static string OfPeak(long macs, double milliseconds, double peak) => Quantity.Percent(Share(macs, milliseconds, peak), 0);
}
