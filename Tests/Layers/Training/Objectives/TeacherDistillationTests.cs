using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

public sealed class TeacherDistillationTests
{
    private static readonly int[] Labels = [0, 2, 1];

    [Fact]
    public void Every_exit_learns_from_the_teachers_last_answer_and_the_context_is_as_before()
    {
        SingleStage teacher = Teacher();
        teacher.Freeze(Limits.Default);
        TeacherDistillation objective = new(new MultiExitObjective(), teacher, "tanh", 0.8f, 2);
        DecisionLedger ledger = new();
        Context context = new() { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed, Ledger = ledger };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor samples = Tensor.From(new Shape(3, 4), GradientCheck.Values(12, 1));
        objective.ObserveSamples(context, samples, Labels);
        Assert.Same(tape, context.Tape);
        Assert.Same(ledger, context.Ledger);
        Assert.Equal(Mode.Train, context.Mode);
        Tensor[] logits = [Tensor.From(new Shape(3, 3), GradientCheck.Values(9, 2, 2)), Tensor.From(new Shape(3, 3), GradientCheck.Values(9, 3, 2))];
        Tape.Watch(logits[0]);
        float[] losses = new float[2];
        Tensor loss = objective.Compute(context, logits, Labels, losses);
        Context plain = new();
        Tensor answer = teacher.Advance(plain, Started(plain, teacher, samples));
        float expected = new MultiExitObjective().Compute(plain, logits, Labels, new float[2]).Span[0];
        foreach (Tensor student in logits)
        {
            expected += 0.4f * plain.Distillation(student, answer, 2).Span[0];
        }

        Assert.Equal(expected, loss.Span[0], 1e-5f);
        tape.Backward(loss);
        Assert.Contains(Tape.GradientOf(logits[0]).ToArray(), value => value != 0);
        Assert.Contains("tanh", objective.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_teach_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new TeacherDistillation(new MultiExitObjective(), Teacher(), "x"));
        SingleStage teacher = Teacher();
        teacher.Freeze(Limits.Default);
        Assert.Throws<ArgumentOutOfRangeException>(() => new TeacherDistillation(new MultiExitObjective(), teacher, "x", -1));
        TeacherDistillation objective = new(new MultiExitObjective(), teacher, "x");
        Assert.Throws<InvalidOperationException>(() => objective.Compute(new Context(), [Tensor.Zeros(new Shape(3, 3))], Labels, new float[1]));
    }

    private static StageState Started(Context context, SingleStage teacher, Tensor samples)
    {
        StageState state = teacher.CreateState();
        teacher.Start(context, samples, state);
        return state;
    }

    private static SingleStage Teacher()
    {
        SingleStage teacher = new(new Shape(4), new Sequential(new Linear(4, 5), new Activate(ActivationFunction.Tanh), new Linear(5, 3)));
        teacher.Initialize(new RandomSource(9));
        return teacher;
    }
}
