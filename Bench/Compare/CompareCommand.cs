using System;
using System.Collections.Generic;

namespace ManagedDyn.Bench.Compare;

/// <summary>Measures the rows of Rows.tsv in one run: `compare [--group NAME]… [--row PART]… [--json FILE] [--seconds S]`.</summary>
internal static class CompareCommand
{
    public static int Run(ReadOnlySpan<string> arguments)
    {
        List<string> groups = [];
        List<string> parts = [];
        string? json = null;
        double seconds = 0.5;
        for (int i = 0; i < arguments.Length; i++)
        {
            if (i + 1 >= arguments.Length)
            {
                Console.Error.WriteLine($"{arguments[i]} has no value; usage: compare [--group NAME]... [--row PART]... [--json FILE] [--seconds S]");
                return 2;
            }

            string value = arguments[i + 1];
            switch (arguments[i++])
            {
                case "--group":
                    groups.Add(value);
                    break;
                case "--row":
                    parts.Add(value);
                    break;
                case "--json":
                    json = value;
                    break;
                case "--seconds" when double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out seconds) && seconds > 0:
                    break;
                default:
                    Console.Error.WriteLine($"Unknown or wrong option {arguments[i - 1]} {value}; usage: compare [--group NAME]... [--row PART]... [--json FILE] [--seconds S]");
                    return 2;
            }
        }

        Console.WriteLine(Machine.Describe());
        List<BenchResult> results = [];
        foreach (BenchRow row in BenchRow.ReadAll())
        {
            if ((groups.Count > 0 && !groups.Contains(row.Group)) || (parts.Count > 0 && !parts.Exists(row.Name.Contains)))
            {
                continue;
            }

            BenchResult result = Measure(row, seconds);
            results.Add(result);
            Console.WriteLine(result.IsMeasured
                ? FormattableString.Invariant($"{row.Group,-20} {row.Name,-56} {result.OursMilliseconds,10:F4} ms {result.PeerMilliseconds,10:F4} ms {result.Ratio,7:F3}") + Dense(result)
                : FormattableString.Invariant($"{row.Group,-20} {row.Name,-56} not measured: {result.Peer}"));
        }

        Console.WriteLine();
        ResultFile.WriteSummary(Console.Out, results);
        if (json is not null)
        {
            ResultFile.WriteJson(json, results);
        }

        return 0;
    }

    private static string Dense(BenchResult result) => double.IsFinite(result.SavedShare)
        ? FormattableString.Invariant($"  saves {100 * result.SavedShare:F0} % of the time that the saved multiply-adds stand for")
        : double.IsFinite(result.DenseRatio) ? FormattableString.Invariant($"  {result.DenseRatio:F3} of the fastest dense run") : string.Empty;

    private static BenchResult Measure(BenchRow row, double seconds) => row.Group switch
    {
        "conv-resnet50" or "conv-vgg16" or "conv-mobile" or "conv3x3" or "conv3x3-narrow" or "conv3x3-small" or "dense-pixelwise" =>
            ConvolutionRows.Measure(row, seconds),
        "matmul" or "matmul-tiny" => MatrixRows.Measure(row, seconds),
        "mask-random" or "mask-random-hard" or "mask-coherent" or "mask-coherent-hard" => SelectionRows.Mask(row, seconds),
        "channels-grouped" or "channels-arbitrary" => SelectionRows.Channels(row, seconds),
        "mask-backward" => BackwardRows.Measure(row, seconds),
        "condconv" => KernelRows.Measure(row, seconds),
        "skip" => SkipRows.Measure(row, seconds),
        "masked-blocks" => MaskedBlockRows.Measure(row, Math.Max(seconds, 0.5)),
        "masked-resnet" => MaskedNetworkRows.Measure(row, Math.Max(seconds, 2)),
        "delta" => DeltaRows.Measure(row, seconds),
        "recurrent" => SequenceRows.Measure(row, seconds),
        "threads" => ThreadRows.Measure(row, seconds),
        "train" or "train-mlp" => TrainingRows.Measure(row, Math.Max(seconds, 2)),
        _ => BenchResult.NotMeasured(row, "no measurement of this group yet"),
    };
}
