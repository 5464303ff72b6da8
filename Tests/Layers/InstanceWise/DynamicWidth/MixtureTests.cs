using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicWidth;

/// <summary>What mixtures of experts promise beyond the laws of all layers.</summary>
public class MixtureTests
{
    private const int Features = 9;
    private const int Samples = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    public void Keeping_all_experts_is_the_soft_mixture(int experts)
    {
        MixtureOfExperts soft = Mixture(new SoftExpertGate(Features, experts), experts);
        MixtureOfExperts all = Mixture(new NoisyTopKGate(Features, experts, experts), experts);
        Copy(soft, all);
        GradientCheck.SameBits(Run(soft), Run(all), $"{experts} experts");
    }

    [Fact]
    public void A_mixture_of_one_is_the_expert()
    {
        foreach (DecisionRule gate in new DecisionRule[] { new SoftExpertGate(Features, 1), new NoisyTopKGate(Features, 1, 1), new SwitchGate(Features, 1) })
        {
            MixtureOfExperts mixture = Mixture(gate, 1);
            Layer expert = (Layer)mixture.Children[1].Value;
            GradientCheck.SameBits(expert.Forward(new Context(), Input()).ToArray(), Run(mixture), gate.GetType().Name);
        }
    }

    [Fact]
    public void A_hierarchy_is_the_product_of_its_gates()
    {
        MixtureOfExperts outer = new(new SoftExpertGate(Features, 2), false, Mixture(new SoftExpertGate(Features, 2), 2), Mixture(new SoftExpertGate(Features, 2), 2));
        Fill(outer);
        Context context = new();
        float[] groups = ((SoftExpertGate)outer.Children[0].Value).Decide(context, Input()).Scores.ToArray();
        double[] expected = new double[Samples * Features];
        for (int g = 0; g < 2; g++)
        {
            Module inner = outer.Children[1 + g].Value;
            float[] gates = ((SoftExpertGate)inner.Children[0].Value).Decide(context, Input()).Scores.ToArray();
            for (int e = 0; e < 2; e++)
            {
                float[] output = ((Layer)inner.Children[1 + e].Value).Forward(context, Input()).ToArray();
                for (int i = 0; i < output.Length; i++)
                {
                    int row = i / Features;
                    expected[i] += (double)groups[(row * 2) + g] * gates[(row * 2) + e] * output[i];
                }
            }
        }

        GradientCheck.Near(expected, Run(outer), 1e-5, "hierarchy");
    }

    [Fact]
    public void Only_chosen_experts_are_run_and_paid_for()
    {
        const int Experts = 6;
        MixtureOfExperts mixture = Mixture(new NoisyTopKGate(Features, Experts, 2), Experts);
        mixture.Freeze(Limits.Default);
        Context context = new() { Meter = new ComputeMeter(), Ledger = new DecisionLedger { KeepsChoices = true } };
        context.Meter.Begin(Samples);
        context.Ledger.Begin();
        mixture.Forward(context, Input());
        long expert = ((Layer)mixture.Children[1].Value).CountMacs(new Shape(1, Features));
        for (int n = 0; n < Samples; n++)
        {
            Assert.Equal((2 * expert) + (Features * Experts), context.Meter.ExecutedMacs(n));
            Assert.Equal((Experts * expert) + (Features * Experts), context.Meter.DenseMacs(n));
            Assert.Equal(2 * expert, context.Ledger.Choices[n].ChosenMacs);
        }

        Assert.Equal(DecisionKind.Experts, context.Ledger.Choices[0].Kind);
    }

    [Fact]
    public void Beyond_its_capacity_an_expert_lets_samples_pass_while_training_only()
    {
        SwitchGate gate = new(Features, 2, capacityFactor: 0.5f);
        MixtureOfExperts mixture = new(gate, true, MixtureOfExperts.FullyConnected(Features, 4, Features), MixtureOfExperts.FullyConnected(Features, 4, Features));
        Fill(mixture);
        Context context = new();
        Selection free = gate.Decide(context, Input()).Selected;
        Assert.Equal(Samples, free.Count);
        context.Mode = Mode.Train;
        Selection limited = gate.Decide(context, Input()).Selected;
        int[] taken = new int[2];
        float[] output = mixture.Forward(context, Input()).ToArray();
        for (int n = 0; n < Samples; n++)
        {
            int expert = free.Row(n)[0];
            bool has = taken[expert] < 3;
            Assert.Equal(has ? 1 : 0, limited.RowCount(n));
            Assert.Equal(!has, Input().Rows(n, 1).Span.SequenceEqual(output.AsSpan(n * Features, Features)));
            taken[expert]++;
        }

        Assert.Contains(limited.Count, new[] { 3, 4, 5, 6 });
    }

    [Fact]
    public void Equal_experts_have_no_variation_and_a_balance_of_one()
    {
        Context context = new();
        Tensor even = Tensor.From(new Shape(2, 2), [0.25f, 0.75f, 0.75f, 0.25f]);
        Assert.Equal(0, ExpertBalance.SquaredVariation(context, even).Span[0], 1e-6);
        Assert.Equal(1, ExpertBalance.Switch(context, even, context.Workspace.Select(2, [0, 1, 2], [1, 0])).Span[0], 1e-6);

        // Sums 2 and 0: mean 1, unbiased variance 2.
        Assert.Equal(2, ExpertBalance.SquaredVariation(context, Tensor.From(new Shape(2, 2), [1, 0, 1, 0])).Span[0], 1e-6);
    }

    [Fact]
    public void Noise_of_training_depends_on_the_sample_and_not_on_its_batch()
    {
        NoisyTopKGate gate = new(Features, 5, 2);
        Fill(gate);
        Context context = new() { Mode = Mode.Train, Step = 3 };
        float[] together = gate.Decide(context, Input()).Scores.ToArray();
        context.Samples = context.Workspace.Select(Samples, [4, 7]);
        float[] apart = gate.Decide(context, context.GatherRows(Input(), [4, 7])).Scores.ToArray();
        Assert.Equal(together.AsSpan(20, 5).ToArray(), apart.AsSpan(0, 5).ToArray());
        Assert.Equal(together.AsSpan(35, 5).ToArray(), apart.AsSpan(5, 5).ToArray());
        context.Samples = default;
        context.Step = 4;
        Assert.NotEqual(together, gate.Decide(context, Input()).Scores.ToArray());
    }

    [Fact]
    public void Settings_that_make_no_mixture_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NoisyTopKGate(4, 3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SwitchGate(4, 3, 0));
        Assert.Throws<ArgumentException>(() => new MixtureOfExperts(new SwitchGate(4, 1), false));
        MixtureOfExperts narrowing = new(new SwitchGate(4, 1), true, MixtureOfExperts.FullyConnected(4, 3, 2));
        Assert.Throws<ArgumentException>(() => narrowing.OutputShape(new Shape(1, 4)));
        Assert.Throws<ArgumentException>(() => Mixture(new SwitchGate(Features, 2), 3).Forward(new Context(), Input()));
    }

    private static MixtureOfExperts Mixture(DecisionRule gate, int experts)
    {
        Layer[] all = new Layer[experts];
        for (int e = 0; e < experts; e++)
        {
            all[e] = MixtureOfExperts.FullyConnected(Features, 6, Features);
        }

        MixtureOfExperts mixture = new(gate, false, all);
        Fill(mixture);
        return mixture;
    }

    private static void Fill(Module module)
    {
        module.Initialize(new RandomSource(3));
        foreach ((string path, Parameter parameter) in module.NamedParameters())
        {
            if (path.Contains("gate", StringComparison.Ordinal))
            {
                new RandomSource(4).Stream(path).FillNormal(parameter.Value.Span, 0, 0);
            }
        }

        module.AssignNumbers();
    }

    private static void Copy(Module from, Module to)
    {
        List<KeyValuePair<string, Parameter>> source = from.NamedParameters();
        foreach ((string path, Parameter parameter) in to.NamedParameters())
        {
            if (source.Find(pair => pair.Key == path).Value is { } original)
            {
                original.Value.Span.CopyTo(parameter.Value.Span);
            }
        }
    }

    private static Tensor Input() => Tensor.From(new Shape(Samples, Features), GradientCheck.Values(Samples * Features, 8, 2));

    private static float[] Run(Layer layer) => layer.Forward(new Context(), Input()).ToArray();
}
