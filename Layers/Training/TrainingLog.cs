using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;

namespace ManagedDyn.Layers.Training;

/// <summary>
/// Writes the course of training as comma-separated values and as one JSON object a line. When training resumes, what was written after the
/// checkpoint is cut off, so that the log reads as that of an unbroken run.
/// </summary>
internal sealed class TrainingLog : IDisposable
{
    private readonly FileStream? _csv;
    private readonly FileStream? _json;

    /// <summary>Opens the files.</summary>
    /// <param name="csvPath">The path; null: none is written.</param>
    /// <param name="jsonPath">The path; null: none is written.</param>
    /// <param name="csvLength">What the checkpoint knows of, in bytes; 0: the log begins.</param>
    /// <param name="jsonLength">What the checkpoint knows of, in bytes; 0: the log begins.</param>
    /// <param name="exits">The number of exits.</param>
    public TrainingLog(string? csvPath, string? jsonPath, long csvLength, long jsonLength, int exits)
    {
        try
        {
            _csv = Open(csvPath, csvLength);
            _json = Open(jsonPath, jsonLength);
            if (_csv is { Length: 0 })
            {
                WriteHeader(exits);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public long CsvLength => _csv?.Length ?? 0;

    public long JsonLength => _json?.Length ?? 0;

    /// <summary>Adds a line.</summary>
    /// <param name="kind">"step" and "epoch" for means of training since the epoch began, "validation".</param>
    /// <param name="step">Steps made.</param>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="measures">What was measured.</param>
    /// <param name="elapsed">The time trained.</param>
    public void Write(string kind, long step, int epoch, float rate, ExitMeasures measures, TimeSpan elapsed)
    {
        if (_csv is not null)
        {
            StringBuilder line = new();
            line.Append(CultureInfo.InvariantCulture, $"{kind},{step},{epoch},{rate:R},{elapsed.TotalSeconds:F2},{measures.Loss:R}");
            for (int exit = 0; exit < measures.Losses.Count; exit++)
            {
                line.Append(CultureInfo.InvariantCulture, $",{measures.Losses[exit]:R},{measures.Accuracies[exit]:R}");
            }

            WriteLine(_csv, line);
        }

        if (_json is not null)
        {
            WriteJson(_json, kind, step, epoch, rate, measures, elapsed);
        }
    }

    /// <summary>Brings all lines to the disk.</summary>
    public void Flush()
    {
        _csv?.Flush(flushToDisk: true);
        _json?.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        _csv?.Dispose();
        _json?.Dispose();
    }

    private static FileStream? Open(string? path, long length)
    {
        if (path is null)
        {
            return null;
        }

        FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        stream.SetLength(Math.Min(length, stream.Length));
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }

    private static void WriteLine(FileStream stream, StringBuilder line)
    {
        stream.Write(Encoding.UTF8.GetBytes(line.Append('\n').ToString()));
        stream.Flush();
    }

    private static void WriteJson(FileStream stream, string kind, long step, int epoch, float rate, ExitMeasures measures, TimeSpan elapsed)
    {
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            json.WriteNumber("step", step);
            json.WriteNumber("epoch", epoch);
            json.WriteNumber("rate", rate);
            json.WriteNumber("seconds", Math.Round(elapsed.TotalSeconds, 2));
            json.WriteNumber("loss", measures.Loss);
            json.WriteStartArray("losses");
            foreach (double loss in measures.Losses)
            {
                json.WriteNumberValue(loss);
            }

            json.WriteEndArray();
            json.WriteStartArray("accuracies");
            foreach (double accuracy in measures.Accuracies)
            {
                json.WriteNumberValue(accuracy);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        stream.Flush();
    }

    private void WriteHeader(int exits)
    {
        StringBuilder line = new("kind,step,epoch,rate,seconds,loss");
        for (int exit = 0; exit < exits; exit++)
        {
            line.Append(CultureInfo.InvariantCulture, $",exit{exit}_loss,exit{exit}_accuracy");
        }

        WriteLine(_csv!, line);
    }
}
