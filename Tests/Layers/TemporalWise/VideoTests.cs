using System;
using System.Collections.Generic;
using System.Linq;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.TemporalWise;

/// <summary>Layers that choose the frames of videos: what they choose, and that what trains gives the bits of what skips.</summary>
public class VideoTests
{
    private const int Samples = 3;
    private const int Frames = 7;
    private const int Size = 8;

    private static readonly Shape Videos = new(Samples, Frames, Size, Size, 1);

    [Fact]
    public void Frames_come_from_coarse_to_fine()
    {
        Assert.Equal([7, 0, 15, 3, 11, 1, 5, 9, 13, 2, 4, 6, 8, 10, 12, 14], Order(16));
        Assert.Equal([2, 0, 4, 1, 3], Order(5));
        Assert.Equal([0], Order(1));
        Assert.Equal([0, 1], Order(2));
        for (int frames = 1; frames < 70; frames++)
        {
            Assert.Equal(Enumerable.Range(0, frames), Order(frames).Order());
        }
    }

    [Fact]
    public void Frames_of_the_same_bits_are_not_looked_at_again_and_change_nothing()
    {
        float[] inputs = Values();
        CopyFrame(inputs, sample: 0, from: 0, to: 1);
        CopyFrame(inputs, sample: 0, from: 0, to: 2);
        CopyFrame(inputs, sample: 2, from: 4, to: 5);
        Sequential encoder = FrameEncoder.Create(1, 3, 5);
        FrameReuse reuse = new(encoder);
        Prepare(reuse);
        (float[] output, DecisionRecord record, ComputeMeter meter, Context context) = Run(reuse, inputs);
        float[] every = Run(encoder, inputs, new Shape(Samples * Frames, Size, Size, 1));
        GradientCheck.SameBits(every, output, "features of every frame");
        Assert.Equal([0, 3, 4, 5, 6], record.Selected.Row(0).ToArray());
        Assert.Equal(Frames, record.Selected.Row(1).Length);
        Assert.Equal([0, 1, 2, 3, 4, 6], record.Selected.Row(2).ToArray());
        long one = encoder.CountMacs(new Shape(1, Size, Size, 1));
        Assert.Equal(5 * one, meter.ExecutedMacs(0));
        Assert.Equal(Frames * one, meter.DenseMacs(0));
        GC.KeepAlive(context);

        // The sign of a zero is a bit, too.
        inputs[0] = 0;
        inputs[Size * Size] = -0f;
        (_, record, _, context) = Run(reuse, inputs);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], record.Selected.Row(0).ToArray());
        GC.KeepAlive(context);
    }

    [Fact]
    public void Small_changes_add_up_until_they_count()
    {
        // Each frame is 0.1 lighter than the one before: with 0.25 let pass, every third is looked at.
        float[] inputs = new float[Videos.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = 0.1f * (i / (Size * Size) % Frames);
        }

        FrameReuse reuse = new(FrameEncoder.Create(1, 3), 0.25f);
        Prepare(reuse);
        (float[] output, DecisionRecord record, _, Context context) = Run(reuse, inputs);
        Assert.Equal([0, 3, 6], record.Selected.Row(1).ToArray());
        GradientCheck.SameBits(output.AsSpan(0, 3), output.AsSpan(3, 3), "frame 1 has the features of frame 0");
        GC.KeepAlive(context);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameReuse(FrameEncoder.Create(1, 3), -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FrameReuse(FrameEncoder.Create(1, 3), float.NaN));
    }

    [Fact]
    public void What_trains_with_hard_decisions_gives_the_bits_of_what_skips()
    {
        float[] inputs = Values();
        CopyFrame(inputs, sample: 1, from: 2, to: 3);
        foreach ((string name, Layer layer) in new (string, Layer)[] { ("exact reuse", new FrameReuse(FrameEncoder.Create(1, 4))), ("reuse", new FrameReuse(FrameEncoder.Create(1, 4), 1.12f)), ("resolution", Resolution()) })
        {
            Prepare(layer);
            (float[] hard, DecisionRecord record, ComputeMeter meter, Context context) = Run(layer, inputs);
            Context recording = new() { Decisions = Engine.Execution.Decisions.Hard };
            using Tape tape = new(recording.Workspace);
            recording.Tape = tape;
            GradientCheck.SameBits(hard, layer.Forward(recording, recording.Workspace.RentCopy(Videos, inputs)).ToArray(), name);
            long executed = 0;
            for (int n = 0; n < Samples; n++)
            {
                executed += meter.ExecutedMacs(n);
                Assert.Equal(layer.CountMacs(Videos.With(0, 1)), meter.DenseMacs(n));
            }

            // Something is skipped, and something is not.
            Assert.InRange(executed, 1, layer.CountMacs(Videos) - 1);
            Assert.Equal(DecisionKind.Steps, record.Kind);
            GC.KeepAlive(context);
        }
    }

    [Fact]
    public void Without_skips_and_with_one_network_every_frame_is_averaged()
    {
        Sequential network = new(FrameEncoder.Create(1, 5), new Linear(5, 3));
        FrameResolution all = new(FrameEncoder.Create(1, 3), 4, 4, 3, 4, [network], [(Size, Size)], []);
        Prepare(all);
        float[] inputs = Values();
        float[] answers = Run(network, inputs, new Shape(Samples * Frames, Size, Size, 1));
        Check(answers, Run(all, inputs).Output);
        KeyFrameSampling keys = new(new Sequential(FrameEncoder.Create(1, 2), new Linear(2, 3)), 4, 4, network, Frames);
        Check(answers, Run(keys, inputs).Output);

        static void Check(float[] answers, float[] actual)
        {
            for (int i = 0; i < actual.Length; i++)
            {
                double sum = 0;
                for (int t = 0; t < Frames; t++)
                {
                    sum += answers[(((i / 3 * Frames) + t) * 3) + (i % 3)];
                }

                Assert.Equal(sum / Frames, actual[i], 1e-5);
            }
        }
    }

    [Fact]
    public void The_most_salient_frames_are_looked_at()
    {
        KeyFrameSampling keys = new(new Sequential(FrameEncoder.Create(1, 2), new Linear(2, 3)), 4, 4, new Sequential(FrameEncoder.Create(1, 5), new Linear(5, 3)), 2);
        Prepare(keys);
        Context context = new() { Ledger = new DecisionLedger() };
        Tensor input = context.Workspace.RentCopy(Videos, Values());
        Tensor glance = Tensor.Zeros(new Shape(Samples, Frames, 3));
        for (int n = 0; n < Samples; n++)
        {
            glance.Span[((n * Frames) + n) * 3] = 5;
            glance.Span[(((n * Frames) + 5) * 3) + 1] = -4;
        }

        // −4 leaves two classes at nearly one half each, which is more than a third.
        _ = keys.Look(context, input, glance);
        Selection(context.Ledger.Records[0]);
        static void Selection(DecisionRecord record)
        {
            for (int n = 0; n < Samples; n++)
            {
                Assert.Equal([n, 5], record.Selected.Row(n).ToArray());
            }
        }
    }

    [Fact]
    public void Relaxed_choices_tell_their_share_of_the_cost()
    {
        FrameResolution layer = Resolution();
        Prepare(layer);
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Mode = Mode.Train, Ledger = new DecisionLedger(), Progress = 0 };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        _ = layer.Forward(context, context.Workspace.RentCopy(Videos, Values()));
        DecisionRecord record = Assert.Single(context.Ledger.Records.ToArray());
        Assert.Equal(new Shape(Samples, Frames), record.Scores.Shape);
        HashSet<float> shares = [.. record.Scores.Span];
        double small = new Sequential(FrameEncoder.Create(1, 4), new Linear(4, 3)).CountMacs(new Shape(1, 4, 4, 1)) / (double)record.UnitMacs;
        Assert.All(shares, share => Assert.True(share is 0 or 1 || Math.Abs(share - small) < 1e-6, $"{share}"));
        Assert.True(shares.Count > 1);

        // The first frame is always seen.
        for (int n = 0; n < Samples; n++)
        {
            Assert.True(record.Scores.Span[n * Frames] > 0);
        }
    }

    private static int[] Order(int frames)
    {
        int[] order = new int[frames];
        FrameOrder.CoarseToFine(order);
        return order;
    }

    private static FrameResolution Resolution()
    {
        Layer Network(int channels) => new Sequential(FrameEncoder.Create(1, channels), new Linear(channels, 3));
        return new FrameResolution(FrameEncoder.Create(1, 3), 4, 4, 3, 6, [Network(4), Network(8)], [(4, 4), (Size, Size)], [1, 3], new GumbelSoftmaxRelaxation());
    }

    private static void Prepare(Layer layer)
    {
        layer.Initialize(new RandomSource(3));
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (path == "head.weight")
            {
                // Choices that differ from frame to frame.
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= 12;
                }
            }
        }

        layer.AssignNumbers();
    }

    private static (float[] Output, DecisionRecord Record, ComputeMeter Meter, Context Context) Run(Layer layer, float[] inputs)
    {
        ComputeMeter meter = new();
        meter.Begin(Samples);
        Context context = new() { Ledger = new DecisionLedger(), Meter = meter };
        float[] output = layer.Forward(context, context.Workspace.RentCopy(Videos, inputs)).ToArray();
        return (output, context.Ledger.Records[0], meter, context);
    }

    private static float[] Run(Layer layer, float[] inputs, Shape shape)
    {
        Context context = new();
        return layer.Forward(context, context.Workspace.RentCopy(shape, inputs)).ToArray();
    }

    private static float[] Values()
    {
        float[] values = new float[Videos.Count];
        new RandomSource(6).Stream("inputs").FillNormal(values, 0, 0);
        return values;
    }

    private static void CopyFrame(float[] inputs, int sample, int from, int to) =>
        inputs.AsSpan(((sample * Frames) + from) * Size * Size, Size * Size).CopyTo(inputs.AsSpan(((sample * Frames) + to) * Size * Size));
}
