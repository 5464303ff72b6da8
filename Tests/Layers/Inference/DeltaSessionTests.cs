using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

/// <summary>Films of which only what changes is computed, against sessions that see each frame whole.</summary>
public class DeltaSessionTests
{
    private const int Size = 21;

    [Theory]
    [InlineData(Accuracy.Fast, true)]
    [InlineData(Accuracy.Exact, true)]
    [InlineData(Accuracy.Fast, false)]
    public void Each_frame_has_the_bits_of_the_frame_alone(Accuracy accuracy, bool isResidual)
    {
        Model model = new(isResidual ? Residual() : Wrapped());
        DeltaSession film = new(model, options: new SessionOptions { Accuracy = accuracy, KeepDecisions = true });
        Session whole = new(model, new SessionOptions { Accuracy = accuracy });
        float[] scores = new float[model.ClassCount];
        float[] expected = new float[model.ClassCount];
        for (int time = 0; time < 6; time++)
        {
            float[] frame = Frame(time == 4 ? 3 : time);
            Prediction alone = whole.Predict(frame, expected, Budget.Full);
            DeltaAnswer answer = film.Next(frame, scores);
            GradientCheck.SameBits(expected, scores, $"frame {time}");
            Assert.Equal((alone.Label, alone.Confidence), (answer.Label, answer.Confidence));
            Assert.Equal(model.FullMacs, answer.MacsDense);
            Assert.Equal(time == 4, answer.ChangedShare == 0);
            Assert.Equal(time == 0, answer.MacsExecuted == model.FullMacs);
            Assert.NotEqual(0, film.Decisions!.Choices.Length);
            Assert.InRange(answer.ComputedShare, time is 0 ? 1 : 0, time is 0 ? 1 : 0.9);
        }

        film.Reset();
        Assert.Equal(model.FullMacs, film.Next(Frame(5)).MacsExecuted);
    }

    [Fact]
    public void Warm_frames_allocate_nothing()
    {
        DeltaSession film = new(new Model(Residual()), options: new SessionOptions { KeepDecisions = true });
        float[][] frames = [Frame(0), Frame(2)];
        int time = 0;
        AllocationAssert.None(() => film.Next(frames[time++ % 2]));
    }

    [Fact]
    public void Other_networks_and_frames_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new DeltaSession(new Model(new MsdNet(new MsdNetOptions()))));
        Assert.Throws<ArgumentException>(() => new DeltaSession(new Model(new SingleStage(new Shape(6), new Linear(6, 2)))));
        Assert.Throws<ArgumentException>(() => new DeltaSession(new Model(new SingleStage(new Shape(4, 4, 1), new FlattenedLinear()))));
        Assert.Throws<ArgumentException>(() => new DeltaSession(new Model(Residual()), -1));
        DeltaSession film = new(new Model(Residual()));
        Assert.Throws<ArgumentException>(() => film.Next(new float[3]));
        Assert.Throws<ArgumentException>(() => film.Next(new byte[Size * Size * 3]));
        float[] wrong = Frame(0);
        wrong[7] = float.NaN;
        Assert.Throws<ArgumentException>(() => film.Next(wrong));
        Assert.Throws<ArgumentException>(() => film.Next(Frame(0), new float[1]));
    }

    private static StagedNetwork Residual()
        => Started(ResNet.Create(new ResNetOptions { Height = Size, Width = Size, InputChannels = 3, Classes = 4, Channels = [8, 12], Blocks = [1, 1] }));

    private static StagedNetwork Wrapped() => Started(new SingleStage(new Shape(Size, Size, 3), new Sequential(
        new ConvBlock(3, 6, 5, 2), new MaxPool2d(3, 2, 1), new ResidualBlock(6, 9), new GlobalAveragePool(), new Linear(9, 4))));

    private static StagedNetwork Started(StagedNetwork network)
    {
        network.Initialize(new RandomSource(3));
        return network;
    }

    // A still background with a square that moves.
    private static float[] Frame(int time)
    {
        float[] frame = new float[Size * Size * 3];
        new RandomSource(9).Stream("background").FillNormal(frame, 0, 0);
        for (int i = 0; i < 4; i++)
        {
            frame.AsSpan((((2 + (i / 2)) * Size) + 3 + time + (i % 2)) * 3, 3).Fill(2);
        }

        return frame;
    }

    private sealed class FlattenedLinear : Layer
    {
        public override Shape OutputShape(Shape input) => new(input[0], 2);

        public override long CountMacs(Shape input) => 0;

        protected override Tensor Run(Context context, Tensor input) => context.Workspace.RentZeros(OutputShape(input.Shape));
    }
}
