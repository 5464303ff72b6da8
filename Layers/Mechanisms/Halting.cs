using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Runs steps until each sample has had enough (Graves, "Adaptive computation time for recurrent neural networks", 2016; for residual networks: Figurnov
/// et al., CVPR 2017, section 3.1): s_t = F_t(s_{t−1}), h_t = score_t(s_t), and y is the mean of states by weight as in <see cref="HaltingOperator"/>.
/// </summary>
public static class Halting
{
    /// <summary>The name of the ponder cost among the terms of the loss.</summary>
    public const string PonderTerm = "ponder";

    /// <summary>
    /// Relaxed, or while a tape records, all steps run for all samples, those a sample does not need with weight 0, and the mean ponder cost N + R becomes
    /// a term of the loss; else samples that have halted leave the batch and cost nothing more. In Evaluate mode both give the same bits.
    /// While training, normalisation in a step takes its statistics over the samples that have not halted.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">s_0, [N, …].</param>
    /// <param name="steps">F_t, at least one; all give one shape.</param>
    /// <param name="scores">For each step but the last: gives h from 0 to 1, [N, 1], for a state.</param>
    /// <param name="epsilon">ε: a sample halts when its scores reach 1 − ε.</param>
    /// <param name="layer">The number of the module that the ponder cost belongs to.</param>
    /// <exception cref="ArgumentException">There is no step, or not one score for each but the last.</exception>
    public static Tensor Halt(this Context context, Tensor input, ReadOnlySpan<Layer> steps, ReadOnlySpan<Layer> scores, float epsilon, int layer)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (steps.Length == 0 || scores.Length != steps.Length - 1)
        {
            throw new ArgumentException($"{steps.Length} steps and {scores.Length} scores were given; expected at least one step, and one score less.", nameof(scores));
        }

        return context.Decisions == Engine.Execution.Decisions.Relaxed || context.Tape is not null
            ? Relaxed(context, input, steps, scores, epsilon, layer)
            : Hard(context, input, steps, scores, epsilon);
    }

    private static Tensor Relaxed(Context context, Tensor input, ReadOnlySpan<Layer> steps, ReadOnlySpan<Layer> scores, float epsilon, int layer)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor[] states = new Tensor[steps.Length];
        Tensor[] halting = new Tensor[scores.Length];
        Tensor sums = context.Workspace.RentZeros(new Shape(input.Shape[0]));
        Selection outer = context.ActiveSamples;
        try
        {
            for (int t = 0; t < states.Length; t++)
            {
                states[t] = steps[t].Forward(context, t == 0 ? input : states[t - 1]);
                if (t < halting.Length)
                {
                    halting[t] = scores[t].Forward(context, states[t]);
                    MarkActive(context, halting[t], sums, epsilon, outer);
                }
            }
        }
        finally
        {
            context.ActiveSamples = outer;
        }

        Tensor output = context.Halt(halting, states, epsilon, out Tensor ponder, out _, out Tensor counts);
        if (context.Ledger is not null)
        {
            context.AddLossTerm(PonderTerm, layer, context.Mean(ponder));
            RecordSteps(context, input, steps, counts);
        }

        return scope.Keep(output);
    }

    // Normalisation in the steps that follow takes its statistics over the samples that are to run them.
    private static void MarkActive(Context context, Tensor halting, Tensor sums, float epsilon, Selection outer)
    {
        if (context.Mode != Mode.Train)
        {
            return;
        }

        Tensor stays = context.Workspace.RentZeros(sums.Shape);
        for (int row = 0; row < sums.Count; row++)
        {
            bool halts = !(sums.Span[row] < 1) || HaltingKernel.Step(ref sums.Span[row], halting.Span[row], false, epsilon, out _);
            sums.Span[row] = halts ? 1 : sums.Span[row];
            stays.Span[row] = halts ? 0 : 1;
        }

        context.ActiveSamples = context.IntersectActive(context.Workspace.SelectAtLeast(1, sums.Count, stays.Span, 1), outer);
    }

    private static void RecordSteps(Context context, Tensor input, ReadOnlySpan<Layer> steps, Tensor counts)
    {
        Shape shape = input.Shape.With(0, 1);
        for (int t = 0; t < steps.Length; t++)
        {
            Tensor runs = context.Workspace.Rent(counts.Shape);
            for (int row = 0; row < runs.Count; row++)
            {
                runs.Span[row] = counts.Span[row] > t ? 1 : 0;
            }

            context.Record(new DecisionRecord { Layer = steps[t].Number, Kind = DecisionKind.Samples, Rows = runs.Count, Scores = runs, UnitMacs = steps[t].CountMacs(shape) });
            shape = steps[t].OutputShape(shape);
        }
    }

    private static Tensor Hard(Context context, Tensor input, ReadOnlySpan<Layer> steps, ReadOnlySpan<Layer> scores, float epsilon)
    {
        Selection outer = context.Samples;
        int samples = input.Shape[0];
        Tensor output = context.Workspace.Rent(steps[0].OutputShape(input.Shape));
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor sums = context.Workspace.RentZeros(new Shape(samples));
        Selection active = Selection.All(1, samples);
        Tensor current = input;
        Shape shape = input.Shape;
        try
        {
            for (int t = 0; t < steps.Length; t++)
            {
                context.Samples = outer;
                Note(context, active, shape, steps[t], t < scores.Length ? scores[t] : null);
                shape = steps[t].OutputShape(shape);
                if (active.IsEmpty)
                {
                    continue;
                }

                context.Samples = context.Workspace.Nest(outer, active);
                current = steps[t].Forward(context, current);
                Tensor halting = t < scores.Length ? scores[t].Forward(context, current) : default;
                Selection staying = Accumulate(context, current, halting, active, sums, output, epsilon, isFirst: t == 0);
                if (staying.Count < current.Shape[0])
                {
                    active = context.Workspace.Nest(active, staying);
                    current = staying.IsEmpty ? default : context.GatherSamples(current, staying);
                }
            }
        }
        finally
        {
            context.Samples = outer;
        }

        return output;
    }

    // Adds a step's states to the output by weight. Returns the rows that have not halted.
    private static Selection Accumulate(Context context, Tensor states, Tensor halting, Selection active, Tensor sums, Tensor output, float epsilon, bool isFirst)
    {
        int rows = states.Shape[0];
        int width = states.Shape.ProductFrom(1);
        Tensor stays = context.Workspace.RentZeros(new Shape(rows));
        for (int row = 0; row < rows; row++)
        {
            int sample = active.IsAll ? row : active.Indices[row];
            bool halts = HaltingKernel.Step(ref sums.Span[sample], halting.Exists ? halting.Span[row] : 0, !halting.Exists, epsilon, out float weight);
            HaltingKernel.Accumulate(weight, states.Span.Slice(row * width, width), output.Span.Slice(sample * width, width), isFirst);
            stays.Span[row] = halts ? 0 : 1;
        }

        return context.Workspace.SelectAtLeast(1, rows, stays.Span, 0.5f);
    }

    // Who has halted does not run this step: the dense network does.
    private static void Note(Context context, Selection active, Shape shape, Layer step, Layer? score)
    {
        context.Record(new DecisionRecord { Layer = step.Number, Kind = DecisionKind.Samples, Rows = shape[0], Selected = active, UnitMacs = step.CountMacs(shape.With(0, 1)) });
        if (active.IsAll)
        {
            return;
        }

        Gating.CountSkipped(context, active, shape, step);
        if (score is not null)
        {
            Gating.CountSkipped(context, active, step.OutputShape(shape), score);
        }
    }
}
