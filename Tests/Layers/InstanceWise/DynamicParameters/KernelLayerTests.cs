using System;
using System.Linq;
using FsCheck.Xunit;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Kernels.Convolution;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicParameters;

/// <summary>What layers with mixed or predicted kernels are at their ends, where they are something known.</summary>
public sealed class KernelLayerTests
{
    [Property(MaxTest = 20, EndSize = 1000000)]
    public void Equal_experts_are_one_static_convolution_times_the_sum_of_the_routing(int seed)
    {
        (int inChannels, int outChannels, int experts, Tensor x) = Sizes(seed);
        CondConv layer = Initialized(new CondConv(inChannels, outChannels, 3, experts), seed);
        float[] kernel = MakeEqual(layer.Weight);
        Context context = new();
        Tensor routes = context.Sum(layer.Attend(context, x), 1);
        Tensor plain = context.Conv2d(x, Tensor.From(new Shape(outChannels, inChannels, 3, 3), kernel), default, layer.GeometryOf(x.Shape));
        Tensor expected = context.Multiply(plain, routes.Reshape(new Shape(x.Shape[0], 1, 1, 1)));
        Near(expected, layer.Forward(context, x), 9.0 * inChannels * experts);
    }

    [Property(MaxTest = 20, EndSize = 1000000)]
    public void Equal_kernels_under_an_attention_are_a_static_convolution(int seed)
    {
        (int inChannels, int outChannels, int kernels, Tensor x) = Sizes(seed);
        DynamicConvolution layer = Initialized(new DynamicConvolution(inChannels, outChannels, 3, kernels), seed);
        float[] kernel = MakeEqual(layer.Weight);
        float[] bias = MakeEqual(layer.Bias!);
        Context context = new();
        Tensor expected = context.Conv2d(
            x, Tensor.From(new Shape(outChannels, inChannels, 3, 3), kernel), Tensor.From(new Shape(outChannels), bias), layer.GeometryOf(x.Shape));
        Near(expected, layer.Forward(context, x), 9.0 * inChannels * kernels);
    }

    [Property(MaxTest = 20, EndSize = 1000000)]
    public void A_very_hot_attention_takes_the_mean_kernel(int seed)
    {
        (int inChannels, int outChannels, int kernels, Tensor x) = Sizes(seed);
        DynamicConvolution layer = Initialized(
            new DynamicConvolution(inChannels, outChannels, 3, kernels, bias: false) { InitialTemperature = 1e9f, FinalTemperature = 1e9f }, seed);
        Context context = new();
        Tensor mean = context.Mean(layer.Weight.Value, 0);
        Near(context.Conv2d(x, mean, default, layer.GeometryOf(x.Shape)), layer.Forward(context, x), 9.0 * inChannels * kernels);
    }

    [Fact]
    public void The_temperature_falls_in_the_first_share_of_training_and_is_low_at_inference()
    {
        DynamicConvolution layer = Initialized(new DynamicConvolution(4, 3, 3, 3), 1);
        Assert.Equal(30f, layer.TemperatureAt(0));
        Assert.Equal(15.5f, layer.TemperatureAt(0.05), 1e-4f);
        Assert.Equal(1f, layer.TemperatureAt(0.1));
        Assert.Equal(1f, layer.TemperatureAt(1));
        Tensor x = Tensor.From(new Shape(2, 5, 5, 4), ConvolutionCases.Values(200, 3));
        Context context = new() { Mode = Mode.Train, Progress = 0 };
        float[] early = layer.Attend(context, x).ToArray();
        context.Progress = 0.5;
        float[] late = layer.Attend(context, x).ToArray();
        context.Mode = Mode.Evaluate;
        context.Progress = 0;
        float[] inference = layer.Attend(context, x).ToArray();
        Assert.Equal(late, inference);
        Assert.True(Spread(early) < 0.2f * Spread(late), $"The attention spreads over {Spread(early)} early and {Spread(late)} late.");
    }

    [Property(MaxTest = 20, EndSize = 1000000)]
    public void WeightNet_in_one_group_with_shared_inputs_is_a_mixture_of_experts(int seed)
    {
        (int inChannels, int outChannels, int inputs, Tensor x) = Sizes(seed);
        WeightNet layer = Initialized(new WeightNet(inChannels, outChannels, 3, inputs, 1, hidden: 5), seed);
        Parameter first = Find(layer, "fc1.weight"), bias = Find(layer, "fc1.bias");
        for (int row = inputs; row < outChannels * inputs; row++)
        {
            first.Value.Rows(row % inputs, 1).Span.CopyTo(first.Value.Rows(row, 1).Span);
            bias.Value.Span[row] = bias.Value.Span[row % inputs];
        }

        Context context = new();
        Tensor pooled = context.GlobalAveragePool(x);
        Tensor alpha = context.Sigmoid(context.Linear(context.Linear(pooled, Find(layer, "reduce.weight").Value), first.Value, bias.Value));
        Tensor routes = context.Slice(alpha, 1, 0, inputs);
        Tensor experts = context.Transpose(layer.Weight.Value).Reshape(new Shape(inputs, outChannels, inChannels, 3, 3));
        Near(context.MixedConv2d(x, routes, experts, default, layer.GeometryOf(x.Shape)), layer.Forward(context, x), 9.0 * inChannels * inputs);
    }

    [Property(MaxTest = 20, EndSize = 1000000)]
    public void WeightNet_with_one_input_for_a_channel_weighs_channels_as_squeeze_and_excitation_does(int seed)
    {
        (int inChannels, int outChannels, _, Tensor x) = Sizes(seed);
        WeightNet layer = Initialized(new WeightNet(inChannels, outChannels, 3, 1, 1, hidden: 5), seed);
        Context context = new();
        Tensor pooled = context.Linear(context.GlobalAveragePool(x), Find(layer, "reduce.weight").Value);
        Tensor alpha = context.Sigmoid(context.Linear(pooled, Find(layer, "fc1.weight").Value, Find(layer, "fc1.bias").Value));
        Tensor kernel = layer.Weight.Value.Reshape(new Shape(outChannels, inChannels, 3, 3));
        Tensor plain = context.Conv2d(x, kernel, default, layer.GeometryOf(x.Shape));
        Tensor expected = context.Multiply(plain, alpha.Reshape(new Shape(x.Shape[0], 1, 1, outChannels)));
        Near(expected, layer.Forward(context, x), 9.0 * inChannels);
    }

    [Fact]
    public void Normalised_filters_keep_what_is_constant()
    {
        DynamicFilterConvolution layer = Initialized(new DynamicFilterConvolution(3, 4, 3, hidden: 2), 1);
        Tensor x = Tensor.Zeros(new Shape(1, 5, 5, 3));
        x.Span.Fill(2.5f);
        Tensor y = layer.Forward(new Context(), x);
        for (int channel = 0; channel < 4; channel++)
        {
            Assert.Equal(2.5f, y.Span[(((2 * 5) + 2) * 4) + channel], 1e-5f);
        }
    }

    [Fact]
    public void A_condition_of_the_callers_own_must_fit()
    {
        DynamicFilterConvolution layer = Initialized(new DynamicFilterConvolution(3, 4, 3, conditionFeatures: 6), 1);
        Context context = new();
        Tensor x = Tensor.Zeros(new Shape(2, 5, 5, 3));
        Assert.Throws<ArgumentException>(() => layer.Forward(context, x));
        Assert.Throws<ArgumentException>(() => layer.Forward(context, x, Tensor.Zeros(new Shape(2, 5))));
        Assert.Throws<ArgumentException>(() => layer.ForwardFilters(context, x, Tensor.Zeros(new Shape(2, 5))));
        Assert.Equal(new Shape(2, 5, 5, 4), layer.Forward(context, x, Tensor.Zeros(new Shape(2, 6))).Shape);
    }

    [Fact]
    public void A_hypernetwork_makes_large_kernels_of_blocks()
    {
        KernelGenerator generator = new(2, 3, 3, 4, 5);
        HyperConvolution layer = Initialized(new HyperConvolution(generator, true, 4, 6), 1);
        Context context = new();
        Tensor kernel = layer.MakeKernel(context);
        Assert.Equal(new Shape(6, 4, 3, 3), kernel.Shape);
        for (int block = 0; block < 4; block++)
        {
            Tensor own = generator.Generate(context, layer.Embeddings.Value.Rows(block, 1));
            for (int o = 0; o < 3; o++)
            {
                for (int i = 0; i < 2; i++)
                {
                    int row = ((((block / 2) * 3) + o) * 4) + (((block % 2) * 2) + i);
                    Assert.Equal(own.Span.Slice(((o * 2) + i) * 9, 9).ToArray(), kernel.Span.Slice(row * 9, 9).ToArray());
                }
            }
        }

        Assert.Throws<ArgumentException>(() => new HyperConvolution(generator, false, 3, 6));
        Assert.DoesNotContain(new HyperConvolution(generator, false, 2, 3).NamedParameters(), pair => pair.Key.StartsWith("generator", StringComparison.Ordinal));
    }

    [Fact]
    public void A_hyper_lstm_whose_factors_are_one_is_an_lstm()
    {
        const int Units = 5;
        HyperLstm layer = Initialized(new HyperLstm(3, Units, 4, 2, normalizes: false), 2);
        foreach (string part in new[] { "hidden_scale", "input_scale" })
        {
            Find(layer, part + ".d_weight").Value.Span.Fill(0.5f);
        }

        Tensor x = Tensor.From(new Shape(2, 6, 3), ConvolutionCases.Values(36, 5));
        Context context = new();
        Tensor expected = context.Lstm(
            x, default, default, Find(layer, "input.weight").Value, Find(layer, "hidden.weight").Value, Find(layer, "bias").Value, default, out _, out _);
        Near(expected, layer.Forward(context, x), 50);
    }

    [Fact]
    public void The_ledger_tells_how_much_each_expert_counts()
    {
        CondConv layer = Initialized(new CondConv(3, 4, 3, 5), 1);
        layer.AssignNumbers();
        Tensor x = Tensor.From(new Shape(2, 4, 4, 3), ConvolutionCases.Values(96, 4));
        Context context = new() { Ledger = new DecisionLedger() };
        _ = layer.Forward(context, x);
        DecisionRecord record = Assert.Single(context.Ledger.Records.ToArray());
        Assert.Equal(DecisionKind.Experts, record.Kind);
        Assert.Equal(new Shape(2, 5), record.Scores.Shape);
        context.Ledger.Begin();
        context.Decisions = Engine.Execution.Decisions.Relaxed;
        _ = layer.Forward(context, x);
        Assert.Equal(0, context.Ledger.Records.Length);
    }

    [Fact]
    public void What_makes_no_layer_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CondConv(3, 4, 3, 0));
        Assert.Throws<ArgumentException>(() => new WeightNet(3, 4, 3, 3, 2));
        Assert.Throws<ArgumentException>(() => new WeightNet(3, 4, 1, 2, 2));
        Assert.Throws<ArgumentException>(() => new WeightNet(3, 4, 3, isDepthwise: true));
        Assert.Throws<ArgumentException>(() => new CondConv(3, 4, 3).Forward(new Context(), Tensor.Zeros(new Shape(1, 5, 5, 4))));
        Assert.Throws<InvalidOperationException>(() => new CondConv(3, 4, 3).ForwardFused(new Context(), Tensor.Zeros(new Shape(1, 5, 5, 3)), default));
        Assert.Throws<ArgumentException>(() => new DynamicResidualBlock(new CondConv(3, 4, 3), new CondConv(3, 4, 3)));
    }

    private static (int InChannels, int OutChannels, int Count, Tensor Input) Sizes(int seed)
    {
        Random random = new(seed);
        int inChannels = random.Next(1, 12);
        Shape shape = new(random.Next(1, 4), random.Next(3, 8), random.Next(3, 8), inChannels);
        return (inChannels, random.Next(1, 20), random.Next(1, 6), Tensor.From(shape, ConvolutionCases.Values(shape.Count, seed)));
    }

    private static T Initialized<T>(T layer, int seed)
        where T : Module
    {
        layer.Initialize(new RandomSource((ulong)seed));
        return layer;
    }

    // All entries of the first dimension become the first one.
    private static float[] MakeEqual(Parameter parameter)
    {
        float[] first = parameter.Value.Rows(0, 1).ToArray();
        for (int row = 1; row < parameter.Shape[0]; row++)
        {
            first.CopyTo(parameter.Value.Rows(row, 1).Span);
        }

        return first;
    }

    private static Parameter Find(Module module, string path) => module.NamedParameters().Single(pair => pair.Key == path).Value;

    private static float Spread(float[] values) => values.Max() - values.Min();

    private static void Near(Tensor expected, Tensor actual, double terms)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        ConvolutionCases.Close(Array.ConvertAll(expected.ToArray(), value => (double)value), actual.Span, 4 * terms, "layer");
    }
}
