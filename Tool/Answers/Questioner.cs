using System;
using System.Collections.Generic;
using System.Threading;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Inputs;

namespace ManagedDyn.Tool.Answers;

/// <summary>Asks a session about inputs, a batch at a time, and passes the answers on.</summary>
public sealed class Questioner(Session session, Budget budget, AnswerSink sink, CancellationToken cancellation)
{
    /// <summary>How many of the most probable classes an answer holds.</summary>
    public int Top { get; init; } = 1;

    /// <summary>An answer whose most probable class is less probable is rejected.</summary>
    public float LeastConfidence { get; init; }

    /// <summary>Asks about a batch and empties it; bytes and values take different ways into the network, answers keep the order of the inputs.</summary>
    public void Ask(List<InputSample> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        for (int first = 0; first < batch.Count;)
        {
            int end = first + 1;
            while (end < batch.Count && (batch[end].Bytes is null) == (batch[first].Bytes is null))
            {
                end++;
            }

            AskAlike(batch.GetRange(first, end - first));
            first = end;
        }

        batch.Clear();
    }

    private void AskAlike(List<InputSample> batch)
    {
        Model model = session.Model;
        int length = model.SampleShape.Count;
        Prediction[] predictions = new Prediction[batch.Count];
        float[] scores = new float[batch.Count * model.ClassCount];
        try
        {
            if (batch[0].Bytes is not null)
            {
                byte[] bytes = new byte[batch.Count * length];
                for (int i = 0; i < batch.Count; i++)
                {
                    batch[i].Bytes!.CopyTo(bytes, i * length);
                }

                session.PredictBatch(bytes, batch.Count, budget, predictions, scores, cancellation);
            }
            else
            {
                float[] values = new float[batch.Count * length];
                for (int i = 0; i < batch.Count; i++)
                {
                    batch[i].Values!.CopyTo(values, i * length);
                }

                session.PredictBatch(values, batch.Count, budget, predictions, scores, cancellation);
            }
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"cannot run the model on '{batch[0].Name}': {ToolException.Reason(e)}", e);
        }

        List<DecisionLine>[]? decisions = session.Decisions is null ? null : DecisionLines.Of(session, batch.Count);
        for (int i = 0; i < batch.Count; i++)
        {
            ReadOnlySpan<float> row = scores.AsSpan(i * model.ClassCount, model.ClassCount);
            (int Label, float Probability)[] best = Best(row, Top);
            sink.Add(new Answer(batch[i], predictions[i], best, session.Trace!.Confidences(i).ToArray())
            {
                IsRejected = best[0].Probability < LeastConfidence,
                Decisions = decisions?[i],
                Steps = decisions is not null && batch[i].Steps > 0 ? StepUse.Of(batch[i].Steps, model.SampleShape[0], batch[i].StepSeconds, decisions[i]) with { WholeSeconds = batch[i].WholeSeconds } : null,
                Words = decisions is not null && batch[i].Text is { } text ? WordUse.Of((TextEncoding)model.Encoding!, text, decisions[i]) : null,
            });
        }
    }

    /// <summary>The most probable classes, best first; equal ones in their order.</summary>
    private static (int Label, float Probability)[] Best(ReadOnlySpan<float> scores, int count)
    {
        (int Label, float Probability)[] best = new (int, float)[count];
        int found = 0;
        for (int label = 0; label < scores.Length; label++)
        {
            int place = found;
            while (place > 0 && best[place - 1].Probability < scores[label])
            {
                place--;
            }

            if (place < count)
            {
                int moved = Math.Min(found, count - 1) - place;
                Array.Copy(best, place, best, place + 1, moved);
                best[place] = (label, scores[label]);
                found = Math.Min(found + 1, count);
            }
        }

        return best;
    }
}
