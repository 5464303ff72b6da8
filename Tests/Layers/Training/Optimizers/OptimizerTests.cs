using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Optimizers;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Optimizers;

public class OptimizerTests
{
    private static readonly RandomStream Noise = new RandomSource(5).Stream("optimizer-tests");

    public static TheoryData<string> Kinds() => ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Steps_have_the_same_bits_for_any_number_of_threads(string kind)
    {
        float[] one = Train(kind, threads: 1, steps: 3, out _);
        float[] two = Train(kind, threads: 2, steps: 3, out double norm);
        Assert.Equal(one, two);
        Assert.True(norm > 0);
    }

    [Fact]
    public void Decay_reaches_only_the_parameters_that_decay()
    {
        PlainModule module = new();
        Parameter weight = module.AddParameter("weight", new Shape(3));
        Parameter bias = module.AddParameter("bias", new Shape(3), decays: false);
        weight.Value.Span.Fill(1);
        bias.Value.Span.Fill(1);
        PlainModule.SetGradient(weight, [0, 0, 0]);
        PlainModule.SetGradient(bias, [0, 0, 0]);
        using Workers workers = new(1);
        new Sgd(module, decay: 0.5f).Step(workers, 0.1f);
        Assert.Equal([0.95f, 0.95f, 0.95f], weight.Value.ToArray());
        Assert.Equal([1f, 1f, 1f], bias.Value.ToArray());
    }

    [Fact]
    public void Frozen_parameters_and_state_are_left_alone()
    {
        PlainModule module = new();
        Parameter weight = module.AddParameter("weight", new Shape(2));
        Parameter statistics = module.AddParameter("running_mean", new Shape(2), isTrainable: false);
        PlainModule.SetGradient(weight, [1, 1]);
        PlainModule.SetGradient(statistics, [1, 1]);
        weight.IsTrainable = false;
        using Workers workers = new(1);
        Sgd optimizer = new(module, 0.9f);
        optimizer.Step(workers, 1);
        Assert.Equal(0, optimizer.GradientNorm(workers));
        Assert.Equal([0f, 0f], weight.Value.ToArray());
        Assert.Equal([0f, 0f], statistics.Value.ToArray());
    }

    [Fact]
    public void A_missing_gradient_counts_as_zero()
    {
        PlainModule module = new();
        Parameter weight = module.AddParameter("weight", new Shape(2));
        weight.Value.Span.Fill(1);
        using Workers workers = new(1);
        Sgd optimizer = new(module, 0.5f);
        PlainModule.SetGradient(weight, [1, 1]);
        optimizer.Step(workers, 0.1f);
        weight.Value.Storage.Gradient = null;
        optimizer.Step(workers, 0.1f);
        Assert.Equal(0.85f, weight.Value.Span[0], 1e-6f);
    }

    [Fact]
    public void The_norm_is_that_of_all_gradients_and_scaling_clips_to_it()
    {
        PlainModule module = new();
        Parameter first = module.AddParameter("first", new Shape(1));
        Parameter second = module.AddParameter("second", new Shape(2));
        PlainModule.SetGradient(first, [3]);
        PlainModule.SetGradient(second, [0, 4]);
        using Workers workers = new(1);
        Sgd optimizer = new(module);
        Assert.Equal(5, optimizer.GradientNorm(workers));
        optimizer.Step(workers, 1, 0.2f);
        Assert.Equal(-0.6f, first.Value.Span[0], 1e-6f);
        Assert.Equal(-0.8f, second.Value.Span[1], 1e-6f);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_gradient_that_is_not_finite_shows_in_the_norm_and_is_named(float wrong)
    {
        PlainModule module = new();
        Parameter first = module.AddParameter("first", new Shape(40));
        PlainModule child = module.AddChild("head", new PlainModule());
        Parameter second = child.AddParameter("weight", new Shape(37));
        PlainModule.SetGradient(first, new float[40]);
        float[] gradient = new float[37];
        gradient[36] = wrong;
        PlainModule.SetGradient(second, gradient);
        using Workers workers = new(1);
        Sgd optimizer = new(module);
        Assert.False(double.IsFinite(optimizer.GradientNorm(workers)));
        Assert.Equal("head.weight", optimizer.FindNonFiniteGradient());
    }

    [Fact]
    public void Wrong_settings_are_refused()
    {
        PlainModule module = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(module, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(module, 0.9f, float.NaN));
        Assert.Throws<ArgumentException>(() => new Sgd(module, 0, 0, true));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(module, beta1: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW(module, epsilon: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RmsProp(module, smoothing: -1));
    }

    private static float[] Train(string kind, int threads, int steps, out double norm)
    {
        PlainModule module = new();
        Parameter large = module.AddParameter("large", new Shape(3, 9001));
        Parameter small = module.AddParameter("small", new Shape(5));
        Noise.FillNormal(large.Value.Span, 0, 0);
        Noise.FillNormal(small.Value.Span, 0, 1);
        Optimizer optimizer = kind switch
        {
            "sgd" => new Sgd(module, 0, 0.01f),
            "momentum" => new Sgd(module, 0.9f, 0.01f),
            "nesterov" => new Sgd(module, 0.9f, 0.01f, true),
            "adam" => new AdamW(module, isDecoupled: false),
            "adamw" => new AdamW(module),
            _ => new RmsProp(module),
        };
        using Workers workers = new(threads);
        norm = 0;
        List<float> all = [];
        for (int step = 0; step < steps; step++)
        {
            float[] gradient = new float[large.Value.Count];
            Noise.FillNormal(gradient, step + 1, 0);
            PlainModule.SetGradient(large, gradient);
            PlainModule.SetGradient(small, gradient.AsSpan(0, 5));
            norm = optimizer.GradientNorm(workers);
            all.Add((float)norm);
            optimizer.Step(workers, 0.05f, 0.5f);
        }

        all.AddRange(large.Value.ToArray());
        all.AddRange(small.Value.ToArray());
        return [.. all];
    }
}
