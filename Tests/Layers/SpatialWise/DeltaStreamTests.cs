using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>Streams of frames against the network run whole on each.</summary>
public class DeltaStreamTests
{
    private const int Height = 26;
    private const int Width = 21;

    [Theory]
    [InlineData(Accuracy.Exact, 1)]
    [InlineData(Accuracy.Fast, 1)]
    [InlineData(Accuracy.Exact, 3)]
    [InlineData(Accuracy.Fast, 3)]
    public void Without_threshold_each_frame_has_the_bits_of_the_whole_network(Accuracy accuracy, int streams)
    {
        foreach (Layer network in new[] { Classifier(), Filter() })
        {
            DeltaStream stream = new(network, new Shape(Height, Width, 3), streams: streams);
            Context context = new() { Accuracy = accuracy };
            for (int time = 0; time < 8; time++)
            {
                Tensor frames = Frames(streams, time == 5 ? 4 : time);
                float[] expected = network.Forward(new Context { Accuracy = accuracy }, frames).ToArray();
                GradientCheck.SameBits(expected, stream.Next(context, frames).ToArray(), $"{accuracy}, frame {time}");
                Assert.Equal(time == 5, stream.ChangedInputs == 0);
            }
        }
    }

    [Fact]
    public void Only_what_changed_is_computed()
    {
        Layer network = Filter();
        DeltaStream stream = new(network, new Shape(Height, Width, 3));
        ComputeMeter meter = new();
        Context context = new() { Meter = meter };
        meter.Begin(1);
        _ = stream.Next(context, Frames(1, 0));
        Assert.Equal(network.CountMacs(new Shape(1, Height, Width, 3)), meter.ExecutedMacs(0));
        meter.Begin(1);
        _ = stream.Next(context, Frames(1, 1));
        Assert.InRange(meter.ExecutedMacs(0), 1, meter.DenseMacs(0) * 3 / 4);
        Assert.Equal(network.CountMacs(new Shape(1, Height, Width, 3)), meter.DenseMacs(0));
        Assert.InRange(stream.ChangedShare, 0.01, 0.75);
        meter.Begin(1);
        _ = stream.Next(context, Frames(1, 1));
        Assert.Equal(0, meter.ExecutedMacs(0));
        stream.Reset();
        meter.Begin(1);
        _ = stream.Next(context, Frames(1, 1));
        Assert.Equal(network.CountMacs(new Shape(1, Height, Width, 3)), meter.ExecutedMacs(0));
    }

    [Fact]
    public void With_a_threshold_small_changes_are_passed_over_and_errors_do_not_add_up()
    {
        Layer network = Filter();
        const float Threshold = 0.05f;
        DeltaStream stream = new(network, new Shape(Height, Width, 3), Threshold);
        Context context = new();
        Tensor frame = Frames(1, 0);
        _ = stream.Next(context, frame);
        double worst = 0;
        for (int time = 0; time < 30; time++)
        {
            foreach (ref float value in frame.Span)
            {
                value += 0.004f;
            }

            float[] expected = network.Forward(new Context(), frame).ToArray();
            float[] actual = stream.Next(context, frame).ToArray();
            for (int i = 0; i < expected.Length; i++)
            {
                worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
            }

            Assert.True(stream.ChangedInputs == 0 || time % 13 == 12, $"frame {time}: {stream.ChangedInputs}");
        }

        Assert.InRange(worst, 1e-6, 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void After_a_frame_that_memory_ran_out_in_the_next_one_is_computed_whole(int framesBefore)
    {
        foreach (Layer network in new[] { Classifier(), Filter() })
        {
            Context context = new();
            DeltaStream stream = new(network, new Shape(Height, Width, 3));
            int failures = 0;
            for (long limit = 1000; ; limit = limit * 3 / 2)
            {
                for (int time = 0; time < framesBefore; time++)
                {
                    _ = stream.Next(context, Frames(1, time));
                }

                Tensor frame = Frames(1, 7);
                try
                {
                    _ = stream.Next(new Context(limits: new Limits { WorkspaceBytes = limit }), frame);
                    break;
                }
                catch (MemoryLimitException)
                {
                    failures++;
                }

                GradientCheck.SameBits(network.Forward(new Context(), frame).ToArray(), stream.Next(context, frame).ToArray(), $"after a limit of {limit}");
                stream.Reset();
            }

            Assert.InRange(failures, 3, 60);
        }
    }

    [Fact]
    public void Warm_streams_allocate_nothing()
    {
        DeltaStream stream = new(Classifier(), new Shape(Height, Width, 3));
        Context context = new();
        Tensor[] frames = [Frames(1, 0), Frames(1, 3)];
        int time = 0;
        AllocationAssert.None(() => stream.Next(context, frames[time++ % 2]));
    }

    [Fact]
    public void A_network_that_is_not_frozen_and_frames_of_another_size_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new DeltaStream(new ConvBlock(3, 4, 3), new Shape(8, 8, 3)));
        DeltaStream stream = new(Filter(), new Shape(Height, Width, 3));
        Assert.Throws<ArgumentException>(() => stream.Next(new Context(), Tensor.Zeros(new Shape(1, Height, Width + 1, 3))));
    }

    private static Layer Classifier() => Frozen(new Sequential(
        new ConvBlock(3, 16, 7, 2), new MaxPool2d(3, 2, 1), new ResidualBlock(16, 16), new ResidualBlock(16, 24, 2),
        new Sequential(new GlobalAveragePool(), new Linear(24, 5))));

    private static Layer Filter() => Frozen(new Sequential(
        new ConvBlock(3, 32, 3), new ConvBlock(32, 32, 3), new ResidualBlock(32, 32), new ConvBlock(32, 3, 1, activation: Activation.None)));

    private static Layer Frozen(Layer network)
    {
        network.Initialize(new RandomSource(4));
        network.Freeze(Limits.Default);
        return network;
    }

    // A still background with a square that moves, another way in each stream.
    private static Tensor Frames(int streams, int time)
    {
        Tensor frames = Tensor.Zeros(new Shape(streams, Height, Width, 3));
        for (int stream = 0; stream < streams; stream++)
        {
            Span<float> frame = frames.Rows(stream, 1).Span;
            new RandomSource(9).Stream("background").FillNormal(frame, 0, stream);
            for (int i = 0; i < 16; i++)
            {
                int pixel = ((2 + time + (stream * 2) + (i / 4)) * Width) + 3 + (time * stream) + (i % 4);
                frame.Slice(pixel * 3, 3).Fill(2);
            }
        }

        return frames;
    }
}
