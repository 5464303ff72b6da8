using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

/// <summary>What AdaFrame's policy and utility are trained by, against the formula by hand.</summary>
public class GlimpseUtilityTests
{
    [Fact]
    public void Looks_are_worth_what_they_add_to_the_best_margin()
    {
        // Two classes: the margin is p(y) − (1 − p(y)). Logits (l, 0) for label 0: p = σ(l).
        float[][] chances = [[0.6f, 0.3f], [0.5f, 0.7f], [0.9f, 0.6f]];
        Context context = new() { Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor[] logits = Array.ConvertAll(chances, row => Logits(context, row));
        Tensor[] values = [Watched(context, 0.2f, 0.5f), Watched(context, 0.4f, 0.1f)];
        Tensor[] logs = [Watched(context, -1, -2), Watched(context, -0.5f, -0.25f)];
        for (int t = 0; t < 2; t++)
        {
            context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = values[t] });
            context.Record(new DecisionRecord { Layer = 2, Kind = DecisionKind.Steps, Rows = 2, LogProbabilities = logs[t] });
        }

        GlimpseUtility objective = new(new MultiExitObjective(), selection: 2, utility: 3, discount: 0.5f);
        float[] losses = new float[3];
        Tensor loss = objective.Compute(context, logits, [0, 0], losses);

        // Margins: (0.2, −0.4), (0, 0.4), (0.8, 0.2); rewards after the first: (0, 0.8), then (0.6, 0); R: (0.3, 0.8), (0.6, 0).
        double[,] returns = { { 0.3, 0.8 }, { 0.6, 0 } };
        double expected = losses[0] + losses[1] + losses[2];
        for (int t = 0; t < 2; t++)
        {
            for (int n = 0; n < 2; n++)
            {
                double value = 1 - values[t].Span[n];
                expected += 0.5 * ((3 * Math.Pow(value - returns[t, n], 2)) - (2 * (returns[t, n] - value) * logs[t].Span[n]));
            }
        }

        Assert.Equal(expected, loss.Span[0], 1e-5);
        tape.Backward(loss);
        for (int t = 0; t < 2; t++)
        {
            for (int n = 0; n < 2; n++)
            {
                double value = 1 - values[t].Span[n];
                Assert.Equal(-3 * (value - returns[t, n]), Tape.GradientOf(values[t]).Span[n], 1e-5);
                Assert.Equal(-(returns[t, n] - value), Tape.GradientOf(logs[t]).Span[n], 1e-5);
            }
        }
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Context context = new() { Ledger = new DecisionLedger() };
        Tensor[] logits = [Logits(context, [0.5f]), Logits(context, [0.5f])];
        Assert.Throws<InvalidOperationException>(() => new GlimpseUtility(new MultiExitObjective()).Compute(context, logits, [0], new float[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GlimpseUtility(new MultiExitObjective(), selection: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GlimpseUtility(new MultiExitObjective(), discount: 1.5f));
        Assert.Contains("discount=0.9", new GlimpseUtility(new MultiExitObjective()).Description, StringComparison.Ordinal);
    }

    private static Tensor Logits(Context context, float[] chances)
    {
        Tensor logits = context.Workspace.RentZeros(new Shape(chances.Length, 2));
        for (int n = 0; n < chances.Length; n++)
        {
            logits.Span[2 * n] = MathF.Log(chances[n] / (1 - chances[n]));
        }

        return logits;
    }

    private static Tensor Watched(Context context, params ReadOnlySpan<float> values)
    {
        Tensor tensor = context.Workspace.RentCopy(new Shape(values.Length), values);
        Tape.Watch(tensor);
        return tensor;
    }
}
