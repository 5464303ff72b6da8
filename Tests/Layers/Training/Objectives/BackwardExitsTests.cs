using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

/// <summary>Gates of exits, trained from the last one backwards.</summary>
public class BackwardExitsTests
{
    private static readonly int[] Labels = [0, 1];

    private static readonly float[][] Logits = [[3, 0, 1, 0], [2, 0, 0, 1], [2.5f, 0, 0, 4]];

    [Fact]
    public void A_gate_weighs_leaving_against_what_the_gates_behind_make_of_going_on()
    {
        const float Cost = 0.2f;
        float[][] certainties = [[0.9f, 0.3f], [0.4f, 0.8f]];
        long[] macs = [100, 300];
        Context context = Make(out Tensor[] logits);
        for (int k = 0; k < 2; k++)
        {
            context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = Values(context, certainties[k]), UnitMacs = macs[k] });
        }

        float[] losses = new float[3];
        float loss = new BackwardExits(new MultiExitObjective([]), Cost, 3).Compute(context, logits, Labels, losses).Span[0];
        double expected = losses[0] + losses[1] + losses[2];
        for (int n = 0; n < 2; n++)
        {
            // What follows if the last gate decides, then what the first one should do about it.
            double value = CrossEntropy(2, n);
            for (int k = 1; k >= 0; k--)
            {
                double goingOn = (Cost * macs[k] / 400) + value;
                double leaving = CrossEntropy(k, n);
                double right = leaving <= goingOn ? certainties[k][n] : 1 - certainties[k][n];
                expected -= 3 * Math.Abs(leaving - goingOn) * Math.Log(right) / 2;
                value = certainties[k][n] >= 0.5 ? leaving : goingOn;
            }
        }

        Assert.Equal(expected, loss, 1e-5);
    }

    [Fact]
    public void Training_teaches_gates_to_leave_where_going_on_gains_less_than_it_costs()
    {
        Context context = Make(out Tensor[] logits);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor gate = Values(context, [0.5f, 0.5f]);
        Tape.Watch(gate);
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = gate, UnitMacs = 1 });
        tape.Backward(new BackwardExits(new MultiExitObjective([]), 0.05f).Compute(context, [logits[0], logits[2]], Labels, new float[2]));

        Tensor gradient = Tape.GradientOf(gate);

        // Sample 0 loses 0.049 at the first exit and 0.079 at the last; sample 1 loses 1.31 and 0.018.
        Assert.True(gradient.Span[0] < 0, $"The gate of a sample that should leave has gradient {gradient.Span[0]}.");
        Assert.True(gradient.Span[1] > 0, $"The gate of a sample that should go on has gradient {gradient.Span[1]}.");
    }

    [Fact]
    public void As_many_gates_as_exits_but_the_last_are_expected()
    {
        Context context = Make(out Tensor[] logits);
        context.Record(new DecisionRecord { Layer = 1, Kind = DecisionKind.Exits, Rows = 2, Scores = Values(context, [1, 1]) });
        Assert.Throws<InvalidOperationException>(() => new BackwardExits(new MultiExitObjective([])).Compute(context, logits, Labels, new float[3]));
    }

    private static double CrossEntropy(int exit, int sample)
    {
        double first = Math.Exp(Logits[exit][2 * sample]);
        double second = Math.Exp(Logits[exit][(2 * sample) + 1]);
        return -Math.Log((Labels[sample] == 0 ? first : second) / (first + second));
    }

    private static Tensor Values(Context context, ReadOnlySpan<float> values) => context.Workspace.RentCopy(new Shape(values.Length), values);

    private static Context Make(out Tensor[] logits)
    {
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        logits = Array.ConvertAll(Logits, values => context.Workspace.RentCopy(new Shape(2, 2), values));
        return context;
    }
}
