using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Evaluation;

/// <summary>How much of a dynamic layer inputs use.</summary>
/// <param name="Layer">The layer's dotted path.</param>
/// <param name="Kind">What it chooses among.</param>
/// <param name="Units">How many units there are, of all its decisions about an input.</param>
/// <param name="MeanShare">The share of units that inputs which reach the layer use, on average.</param>
/// <param name="DenseMacs">Multiply-adds of all units.</param>
public sealed record DecisionUsage(string Layer, DecisionKind Kind, int Units, double MeanShare, long DenseMacs)
{
    /// <summary>
    /// Asks for each of some samples, spread over a set, once and averages what each layer chose; layers in the order in which they decide. Of sequences the steps and
    /// tokens that there are count, without padding.
    /// </summary>
    public static IReadOnlyList<DecisionUsage> Measure(Model model, SampleSet samples, int most, Budget budget)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        int size = model.SampleShape.Count;
        int count = Math.Min(most, samples.Count);
        float[] inputs = new float[count * size];
        int[] lengths = new int[count];
        for (int i = 0; i < count; i++)
        {
            int index = (int)((long)i * samples.Count / count);
            samples.Read(index, inputs.AsSpan(i * size, size));
            lengths[i] = samples.HasLengths ? Math.Max(1, samples.Length(index)) : int.MaxValue;
        }

        Session session = new(model, new SessionOptions { KeepDecisions = true });
        session.PredictBatch(inputs, count, budget, new Prediction[count]);
        List<(int Layer, DecisionKind Kind)> order = [];
        HashSet<(int Layer, DecisionKind Kind, int Sample)> reached = [];
        Dictionary<(int Layer, DecisionKind Kind), (long Chosen, long Units, int Samples, long DenseMacs)> sums = [];
        foreach (DecisionChoice choice in session.Decisions!.Choices)
        {
            // What was looked at without a choice among units tells nothing about a share.
            if (choice is { Universe: 1, ViewCount: > 0 })
            {
                continue;
            }

            (int, DecisionKind) key = (choice.Layer, choice.Kind);
            if (!sums.TryGetValue(key, out (long Chosen, long Units, int Samples, long DenseMacs) sum))
            {
                order.Add(key);
            }

            (long used, long of) = (choice.Count, UnitsOf(choice, lengths[choice.Sample]));
            if (choice.MostLevel > 0)
            {
                used = 0;
                of = (long)choice.MostLevel * choice.MapHeight * choice.MapWidth;
                foreach (float level in session.Decisions!.LevelsOf(choice))
                {
                    used += (long)level;
                }
            }

            // Who looks at one step after the other decides several times among the same steps; else each decision of a layer is about something of its own.
            bool isFirst = reached.Add((choice.Layer, choice.Kind, choice.Sample));
            sums[key] = choice.Kind == DecisionKind.Steps && !isFirst
                ? (sum.Chosen + used, sum.Units, sum.Samples, sum.DenseMacs)
                : (sum.Chosen + used, sum.Units + of, sum.Samples + (isFirst ? 1 : 0), sum.DenseMacs + choice.DenseMacs);
        }

        List<DecisionUsage> usage = [];
        foreach ((int Layer, DecisionKind Kind) key in order)
        {
            (long chosen, long units, int reaching, long dense) = sums[key];
            usage.Add(new DecisionUsage(model.LayerName(key.Layer), key.Kind, (int)(units / reaching), (double)chosen / Math.Max(1, units), dense / reaching));
        }

        return usage;
    }

    // A transformer's first token, which is there for the answer, comes on top of a text's.
    private static int UnitsOf(DecisionChoice choice, int length) => choice.Kind switch
    {
        DecisionKind.Steps => Math.Min(choice.Universe, length),
        DecisionKind.Tokens => Math.Min(choice.Universe, length < int.MaxValue ? length + 1 : length),
        _ => choice.Universe,
    };
}
