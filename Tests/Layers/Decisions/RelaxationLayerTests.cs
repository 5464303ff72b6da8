using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Decisions;

/// <summary>What relaxations make of logits: values, gradients, and noise that depends on step and sample alone.</summary>
public class RelaxationLayerTests
{
    private const int Samples = 6;

    private static readonly BinaryRelaxation[] Binary =
    [
        new SigmoidRelaxation(isHard: false),
        new SigmoidRelaxation(temperature: new Annealing(5, 0.5f, 0.5f, isGeometric: true)),
        new GumbelSigmoidRelaxation(Annealing.Constant(0.7f)),
        new GumbelSigmoidRelaxation(isHard: false),
        new SemanticHashingRelaxation(),
        new BernoulliActionRelaxation(),
        new BernoulliActionRelaxation(0.8f),
        new PhasedRelaxation(new SigmoidRelaxation(), new BernoulliActionRelaxation(), 0.5f),
    ];

    public static TheoryData<int> Relaxations()
    {
        TheoryData<int> data = [];
        for (int i = 0; i < Binary.Length; i++)
        {
            data.Add(i);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Relaxations))]
    public void Weights_depend_on_step_and_sample_alone(int which)
    {
        float[] logits = GradientCheck.Values(Samples * 3, 4, 2);
        Context context = NewContext(step: 17);
        RandomStream noise = context.Random.Stream("gate");
        Tensor all = Binary[which].Relax(context, Tensor.From(new Shape(Samples, 3), logits), noise).Scores;
        foreach (float weight in all.Span)
        {
            Assert.InRange(weight, 0, 1);
        }

        // Samples 1, 3 and 4 alone, as after regrouping.
        int[] chosen = [1, 3, 4];
        Context other = NewContext(step: 17);
        other.Samples = other.Workspace.Select(Samples, chosen);
        Tensor part = Tensor.Zeros(new Shape(3, 3));
        for (int i = 0; i < chosen.Length; i++)
        {
            logits.AsSpan(3 * chosen[i], 3).CopyTo(part.Rows(i, 1).Span);
        }

        Tensor some = Binary[which].Relax(other, part, other.Random.Stream("gate")).Scores;
        for (int i = 0; i < chosen.Length; i++)
        {
            Assert.Equal(all.Rows(chosen[i], 1).ToArray(), some.Rows(i, 1).ToArray());
        }

        Assert.Equal(all.ToArray(), Binary[which].Relax(NewContext(step: 17), Tensor.From(new Shape(Samples, 3), logits), noise).Scores.ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Noise_changes_with_the_step(int which)
    {
        float[] logits = GradientCheck.Values(200, 4, 0.5f);
        Tensor first = Binary[which].Relax(NewContext(1), Tensor.From(new Shape(200), logits), NewContext(1).Random.Stream("gate")).Scores;
        Tensor second = Binary[which].Relax(NewContext(2), Tensor.From(new Shape(200), logits), NewContext(1).Random.Stream("gate")).Scores;
        Assert.NotEqual(first.ToArray(), second.ToArray());
    }

    [Fact]
    public void Actions_come_as_often_as_their_probability_says_and_log_probabilities_are_theirs()
    {
        const int Count = 20000;
        foreach (float bound in new[] { 1f, 0.8f })
        {
            Context context = NewContext(3);
            Tensor logits = Tensor.Zeros(new Shape(Count));
            logits.Span.Fill(1.2f);
            RelaxedChoice choice = new BernoulliActionRelaxation(bound).Relax(context, logits, context.Random.Stream("gate"));
            double sigmoid = 1 / (1 + Math.Exp(-1.2));
            double expected = (bound * sigmoid) + ((1 - bound) * (1 - sigmoid));
            double mean = context.Mean(choice.Scores).Span[0];
            Assert.Equal(expected, mean, 4 * Math.Sqrt(expected * (1 - expected) / Count));
            for (int i = 0; i < 50; i++)
            {
                double probability = choice.Scores.Span[i] == 1 ? expected : 1 - expected;
                Assert.Equal(Math.Log(probability), choice.LogProbabilities.Span[i], 1e-5);
            }
        }
    }

    [Fact]
    public void The_gradient_of_log_probabilities_is_that_of_the_distribution()
    {
        foreach (float bound in new[] { 1f, 0.75f })
        {
            BernoulliActionRelaxation relaxation = new(bound);
            GradientCheck check = new() { Tolerance = 2e-3, Step = 1e-3 };
            check.Run(
                (context, inputs) => relaxation.Relax(context, inputs[0], context.Random.Stream("gate")).LogProbabilities,
                null, 3, [new Shape(7)], [-2f, -1f, -0.3f, 0.4f, 0.9f, 1.5f, 2f]);
        }
    }

    [Fact]
    public void At_the_end_actions_are_the_likely_ones_and_carry_no_probability()
    {
        float[] values = [-2f, 0f, 0.3f, 1e-6f, -1e-6f, 4f];
        Context context = NewContext(3);
        Tensor logits = Tensor.From(new Shape(6), values);
        Tape.Watch(logits);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        RelaxedChoice drawn = new BernoulliActionRelaxation(0.8f, 0.8f).Relax(context, logits, context.Random.Stream("gate"));
        Assert.True(drawn.LogProbabilities.Exists);
        context.Progress = 0.81;
        RelaxedChoice likely = new BernoulliActionRelaxation(0.8f, 0.8f).Relax(context, logits, context.Random.Stream("gate"));
        Assert.Equal([0, 0, 1, 1, 0, 1], likely.Scores.ToArray());
        Assert.False(likely.LogProbabilities.Exists);
        Assert.False(likely.Scores.RequiresGradient);

        RelaxedChoice choice = new CategoricalActionRelaxation(0.8f).Relax(context, logits.Reshape(new Shape(2, 3)), context.Random.Stream("choice"));
        Assert.Equal([0, 0, 1, 0, 0, 1], choice.Scores.ToArray());
        Assert.False(choice.LogProbabilities.Exists);

        Tensor hashed = new SemanticHashingRelaxation(0.8f).Relax(context, logits, context.Random.Stream("gate")).Scores;
        Assert.Equal([0, 0, 1, 1, 0, 1], hashed.ToArray());
        Assert.True(hashed.RequiresGradient);
        Assert.Throws<ArgumentOutOfRangeException>(() => new BernoulliActionRelaxation(0.8f, 1.5f));
    }

    [Fact]
    public void Hard_weights_of_gumbel_have_the_soft_gradient()
    {
        float[] logits = GradientCheck.Values(Samples, 8, 2);
        float[] hard = Gradient(new GumbelSigmoidRelaxation(), logits);
        float[] soft = Gradient(new GumbelSigmoidRelaxation(isHard: false), logits);
        Assert.Equal(soft, hard);
    }

    [Fact]
    public void Semantic_hashing_uses_both_forms_and_the_gradient_of_the_saturating_one()
    {
        const int Count = 400;
        Context context = NewContext(5);
        Tensor logits = Tensor.From(new Shape(Count, 2), GradientCheck.Values(2 * Count, 9, 0.5f));
        Tape.Watch(logits);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor scores = new SemanticHashingRelaxation().Relax(context, logits, context.Random.Stream("gate")).Scores;
        tape.Backward(context.Sum(scores));
        Tensor gradient = Tape.GradientOf(logits);
        int hardRows = 0;
        for (int row = 0; row < Count; row++)
        {
            bool isHard = scores.Span[2 * row] is 0 or 1 && scores.Span[(2 * row) + 1] is 0 or 1;
            hardRows += isHard ? 1 : 0;
            for (int i = 2 * row; i < (2 * row) + 2; i++)
            {
                // Of a soft row v₁ is known, and so the slope 1.2·σ·(1 − σ) is.
                if (!isHard && scores.Span[i] is > 0 and < 1)
                {
                    double sigmoid = (scores.Span[i] + 0.1) / 1.2;
                    Assert.Equal(1.2 * sigmoid * (1 - sigmoid), gradient.Span[i], 1e-5);
                }
            }
        }

        Assert.InRange(hardRows, Count / 3, 2 * Count / 3);
        Assert.Contains(gradient.ToArray(), value => value != 0);
    }

    [Fact]
    public void Choices_sum_to_one_and_actions_come_as_often_as_softmax_says()
    {
        const int Count = 6000;
        float[] row = [0.5f, -1f, 1.2f];
        Context context = NewContext(2);
        Tensor logits = Tensor.Zeros(new Shape(Count, 3));
        for (int i = 0; i < Count; i++)
        {
            row.CopyTo(logits.Rows(i, 1).Span);
        }

        Tensor probabilities = context.Softmax(logits);
        foreach (ChoiceRelaxation relaxation in new ChoiceRelaxation[] { new SoftmaxRelaxation(), new SoftmaxRelaxation(true), new GumbelSoftmaxRelaxation(), new CategoricalActionRelaxation() })
        {
            RelaxedChoice choice = relaxation.Relax(context, logits, context.Random.Stream("choice"));
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal(1, choice.Scores.Span[3 * i] + choice.Scores.Span[(3 * i) + 1] + choice.Scores.Span[(3 * i) + 2], 1e-5f);
            }

            if (relaxation is CategoricalActionRelaxation or GumbelSoftmaxRelaxation)
            {
                Tensor mean = context.Mean(choice.Scores, 0);
                for (int k = 0; k < 3; k++)
                {
                    Assert.Equal(probabilities.Span[k], mean.Span[k], 0.03f);
                }
            }

            if (choice.LogProbabilities.Exists)
            {
                int action = choice.Scores.Span[..3].IndexOf(1f);
                Assert.Equal(MathF.Log(probabilities.Span[action]), choice.LogProbabilities.Span[0], 1e-5f);
            }
        }
    }

    [Fact]
    public void Annealing_goes_from_one_value_to_the_other()
    {
        Assert.Equal(3, Annealing.Constant(3).At(0.4));
        Annealing linear = new(4, 2, 0.5f);
        Assert.Equal([4f, 3f, 2f, 2f], [linear.At(0), linear.At(0.25), linear.At(0.5), linear.At(1)]);
        Assert.Equal(2, new Annealing(8, 0.5f, 1, isGeometric: true).At(0.5), 1e-6);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Annealing(1, 0, 1, isGeometric: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Annealing(1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SigmoidRelaxation(temperature: new Annealing(1, 0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BernoulliActionRelaxation(0.5f));
    }

    [Fact]
    public void Hard_decisions_are_those_above_one_half()
    {
        Context context = new();
        TinyModule module = new();
        Decision decision = context.DecideSamples(Tensor.From(new Shape(5, 1), [0f, 1e-3f, -1f, 3f, float.NaN]), Binary[0], module);
        Assert.Equal([1, 3], decision.Selected.Indices.ToArray());
        Assert.Equal(0.5f, decision.Scores.Span[0]);
        Decision units = context.DecideUnits(Tensor.From(new Shape(2, 3), [1f, -1f, 2f, -3f, -1f, -2f]), Binary[0], module);
        Assert.Equal([0, 2], units.Selected.Row(0).ToArray());
        Assert.True(units.Selected.Row(1).IsEmpty);
        Assert.Throws<ArgumentException>(() => context.DecideSamples(Tensor.Zeros(new Shape(2, 2)), Binary[0], module));
    }

    private static Context NewContext(long step) => new() { Step = step, Mode = Mode.Train, Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed, Progress = 0.75 };

    private static float[] Gradient(BinaryRelaxation relaxation, float[] values)
    {
        Context context = NewContext(4);
        context.Progress = 0.3;
        Tensor logits = Tensor.From(new Shape(values.Length), values);
        Tape.Watch(logits);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        tape.Backward(context.Sum(relaxation.Relax(context, logits, context.Random.Stream("gate")).Scores));
        return Tape.GradientOf(logits).ToArray();
    }

    private sealed class TinyModule : ManagedDyn.Layers.Static.Module;
}
