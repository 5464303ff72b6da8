using System;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training;

/// <summary>Adds up losses and right answers of each exit over batches; of pictures, values that are near enough.</summary>
internal sealed class ExitStatistics(int exits, AnswerKind answers = AnswerKind.Label)
{
    // A value of a picture is right when it is off by no more than this: what is hardly seen.
    private const float Tolerance = 8f / 255;

    private readonly double[] _losses = new double[exits];
    private readonly long[] _correct = new long[exits];
    private double _loss;

    public long Samples { get; private set; }

    public void Clear()
    {
        Samples = 0;
        _loss = 0;
        Array.Clear(_losses);
        Array.Clear(_correct);
    }

    /// <summary>Counts a batch whose mean losses are known.</summary>
    public void Add(double loss, ReadOnlySpan<float> exitLosses, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels)
    {
        Samples += labels.Length;
        _loss += loss * labels.Length;
        for (int exit = 0; exit < _losses.Length; exit++)
        {
            _losses[exit] += (double)exitLosses[exit] * labels.Length;
            _correct[exit] += answers == AnswerKind.Picture ? CountNear(logits[exit].Span, labels) : CountCorrect(logits[exit], labels);
        }
    }

    /// <summary>The means so far.</summary>
    public ExitMeasures Measure()
    {
        double samples = Math.Max(1, Samples);
        double[] accuracies = new double[_losses.Length];
        double[] losses = new double[_losses.Length];
        for (int exit = 0; exit < losses.Length; exit++)
        {
            losses[exit] = _losses[exit] / samples;
            accuracies[exit] = _correct[exit] / samples;
        }

        return new ExitMeasures(Samples, _loss / samples, losses, accuracies);
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("samples", Samples);
        json.WriteNumber("loss", _loss);
        json.WriteStartArray("losses");
        foreach (double loss in _losses)
        {
            json.WriteNumberValue(loss);
        }

        json.WriteEndArray();
        json.WriteStartArray("correct");
        foreach (long correct in _correct)
        {
            json.WriteNumberValue(correct);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public void Read(JsonElement json)
    {
        long samples = json.GetProperty("samples").GetInt64();
        double sum = json.GetProperty("loss").GetDouble();
        double[] losses = new double[_losses.Length];
        long[] correct = new long[_correct.Length];
        for (int exit = 0; exit < losses.Length; exit++)
        {
            losses[exit] = json.GetProperty("losses")[exit].GetDouble();
            correct[exit] = json.GetProperty("correct")[exit].GetInt64();
        }

        // Only now, so that nothing is changed when something is not sound.
        Samples = samples;
        _loss = sum;
        losses.CopyTo(_losses, 0);
        correct.CopyTo(_correct, 0);
    }

    private static long CountNear(ReadOnlySpan<float> values, ReadOnlySpan<int> bytes)
    {
        long near = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            near += MathF.Abs(values[i] - (bytes[i] / 255f)) <= Tolerance ? 1 : 0;
        }

        return near;
    }

    private static long CountCorrect(Tensor logits, ReadOnlySpan<int> labels)
    {
        int classes = logits.Shape[1];
        ReadOnlySpan<float> values = logits.Span;
        long correct = 0;
        for (int row = 0; row < labels.Length; row++)
        {
            ReadOnlySpan<float> scores = values.Slice(row * classes, classes);
            int best = 0;
            for (int c = 1; c < scores.Length; c++)
            {
                best = scores[c] > scores[best] ? c : best;
            }

            correct += best == labels[row] ? 1 : 0;
        }

        return correct;
    }
}
