using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicWidth;

/// <summary>In the first part of training the widths of a slimmable network learn from each other.</summary>
public class SlimmableDistillationTests
{
    private const int Widths = 4;
    private const int Classes = 3;
    private const int Samples = 4;
    private const double Temperature = 2;

    private static readonly ChannelNetOptions Options = new()
    {
        Height = 6,
        Width = 6,
        InputChannels = 1,
        Classes = Classes,
        Channels = [4, 8, 8],
        Strides = [1, 2, 1],
        Method = ChannelMethod.Slimmable,
        Widths = Widths,
        WarmUp = 1,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void The_narrowest_learns_from_the_mean_of_the_widest_and_a_random_one_which_learns_from_the_widest(int random)
    {
        long step = 0;
        while (new RandomSource(5).Stream("sandwich").Integer(Widths - 1, step, 0, 0) != random)
        {
            step++;
        }

        SingleStage network = ChannelNet.Create(Options);
        network.Initialize(new RandomSource(3));
        Context context = new(null, new RandomSource(5)) { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed, Progress = 0, Step = step, Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        context.Ledger.Begin();
        double[][] full = Answer(network, context);
        LossTerm term = Assert.Single(context.Ledger.Terms.ToArray(), static one => one.Name == "sandwich");

        double[][] other = random == 0 ? full : AnswerOf(random);
        double[][] narrow = AnswerOf(0);
        double expected = 0;
        for (int n = 0; n < Samples; n++)
        {
            double[] mean = new double[Classes];
            for (int k = 0; k < Classes; k++)
            {
                mean[k] = 0.5 * (Softmax(full[n])[k] + Softmax(other[n])[k]);
            }

            expected += Temperature * Temperature * Divergence(mean, Softmax(narrow[n])) / Samples;
            expected += random == 0 ? 0 : Temperature * Temperature * Divergence(Softmax(full[n]), Softmax(other[n])) / Samples;
        }

        Assert.True(expected > 1e-3, $"The widths hardly differ: {expected}.");
        Assert.Equal(expected, term.Value.Span[0], 1e-4);
    }

    // What the gates make of a width that they are all sure about, in Train mode too.
    private static double[][] AnswerOf(int width)
    {
        SingleStage network = ChannelNet.Create(Options with { WarmUp = 0 });
        network.Initialize(new RandomSource(3));
        foreach ((string path, Parameter parameter) in network.NamedParameters())
        {
            if (path.EndsWith(".choose.bias", StringComparison.Ordinal))
            {
                parameter.Value.Span[width] = 100;
            }
        }

        return Answer(network, new Context { Mode = Mode.Train, Decisions = Engine.Execution.Decisions.Relaxed, Progress = 0.9 });
    }

    private static double[][] Answer(SingleStage network, Context context)
    {
        StageState state = network.CreateState();
        network.Start(context, Tensor.From(network.BatchShape(Samples), GradientCheck.Values(Samples * 36, 4)), state);
        float[] logits = network.Advance(context, state).ToArray();
        double[][] answers = new double[Samples][];
        for (int n = 0; n < Samples; n++)
        {
            answers[n] = Array.ConvertAll(logits[(n * Classes)..((n + 1) * Classes)], static value => (double)value);
        }

        return answers;
    }

    private static double[] Softmax(double[] logits)
    {
        double sum = 0;
        foreach (double logit in logits)
        {
            sum += Math.Exp(logit / Temperature);
        }

        return Array.ConvertAll(logits, logit => Math.Exp(logit / Temperature) / sum);
    }

    private static double Divergence(double[] teacher, double[] student)
    {
        double sum = 0;
        for (int k = 0; k < teacher.Length; k++)
        {
            sum += teacher[k] * Math.Log(teacher[k] / student[k]);
        }

        return sum;
    }
}
