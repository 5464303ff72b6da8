using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;

namespace ManagedDyn.Bench.Compare;

/// <summary>Writes results as JSON and as a table.</summary>
internal static class ResultFile
{
    public static void WriteJson(string path, IReadOnlyList<BenchResult> results)
    {
        string beside = path + ".new";
        using (FileStream stream = File.Create(beside))
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("machine", Machine.Describe());
            json.WriteString("date", DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteStartArray("rows");
            foreach (BenchResult result in results)
            {
                json.WriteStartObject();
                json.WriteString("group", result.Row.Group);
                json.WriteString("name", result.Row.Name);
                json.WriteString("peer", result.Peer);
                WriteNumber(json, "ours_ms", result.OursMilliseconds);
                WriteNumber(json, "peer_ms", result.PeerMilliseconds);
                WriteNumber(json, "ratio", result.Ratio);
                if (double.IsFinite(result.DenseRatio))
                {
                    WriteNumber(json, "fastest_dense_ratio", result.DenseRatio);
                }

                if (double.IsFinite(result.SavedShare))
                {
                    WriteNumber(json, "saved_share", result.SavedShare);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        File.Move(beside, path, overwrite: true);
    }

    /// <summary>The geometric mean and the worst row of each group.</summary>
    public static void WriteSummary(TextWriter output, IReadOnlyList<BenchResult> results)
    {
        List<string> groups = [];
        foreach (BenchResult result in results)
        {
            if (!groups.Contains(result.Row.Group))
            {
                groups.Add(result.Row.Group);
            }
        }

        output.WriteLine(FormattableString.Invariant($"{"group",-20} {"rows",5} {"geomean",8} {"worst",7}  worst row"));
        foreach (string group in groups)
        {
            double logs = 0;
            int count = 0;
            BenchResult? worst = null;
            foreach (BenchResult result in results)
            {
                if (result.Row.Group == group && result.IsMeasured)
                {
                    logs += Math.Log(result.Ratio);
                    count++;
                    worst = worst is null || result.Ratio > worst.Ratio ? result : worst;
                }
            }

            output.WriteLine(worst is null
                ? FormattableString.Invariant($"{group,-20} not measured")
                : FormattableString.Invariant($"{group,-20} {count,5} {Math.Exp(logs / count),8:F3} {worst.Ratio,7:F3}  {worst.Row.Name}"));
        }

        WriteWorstMasked(output, results);
    }

    // A masked layer that takes longer than the dense one would be better not masked.
    private static void WriteWorstMasked(TextWriter output, IReadOnlyList<BenchResult> results)
    {
        BenchResult? worst = null;
        foreach (BenchResult result in results)
        {
            if (double.IsFinite(result.DenseRatio) && (worst is null || result.DenseRatio > worst.DenseRatio))
            {
                worst = result;
            }
        }

        if (worst is not null)
        {
            output.WriteLine(FormattableString.Invariant($"masked rows against our fastest dense run: worst {worst.DenseRatio:F3}  {worst.Row.Group} {worst.Row.Name}"));
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, Math.Round(value, 6));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
