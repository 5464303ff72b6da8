using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.TemporalWise;

/// <summary>What reuse saves on a published film, 132 frames of Big Buck Bunny, which is not part of this repository; an encoder that was not trained.</summary>
public sealed class RealFilmTests
{
    private const string FolderVariable = "MANAGEDDYN_DATA";

    private static readonly Shape Frame = new(90, 160, 3);

    /// <summary>The mean change let pass, on the scale from 0 to 1, and the frames that are then looked at.</summary>
    [Theory]
    [InlineData(0, 132)]
    [InlineData(0.005, 93)]
    [InlineData(0.01, 61)]
    [InlineData(0.02, 33)]
    [InlineData(0.05, 10)]
    public void Frames_that_hardly_change_are_not_looked_at(double threshold, int looked)
    {
        float[] film = Film();
        FrameReuse reuse = new(Encoder(), (float)threshold);
        reuse.AssignNumbers();
        reuse.Freeze(Limits.Default);
        ComputeMeter meter = new();
        meter.Begin(1);
        Context context = new() { Meter = meter };
        Shape shape = new(1, film.Length / Frame.Count, Frame[0], Frame[1], Frame[2]);
        float[] features = reuse.Forward(context, Tensor.From(shape, film)).ToArray();
        Assert.Equal(looked, meter.ExecutedMacs(0) * shape[1] / meter.DenseMacs(0));
        Assert.True(threshold > 0 || features.Length == shape[1] * 16);
    }

    /// <summary>The change of a value let pass, and the share of multiply-adds that is then done.</summary>
    [Theory]
    [InlineData(0, 0.85, 1)]
    [InlineData(0.02, 0.4, 0.6)]
    [InlineData(0.08, 0.1, 0.25)]
    public void Pixels_that_do_not_change_are_not_computed(double threshold, double least, double most)
    {
        float[] film = Film();
        Sequential encoder = Encoder();
        encoder.AssignNumbers();
        encoder.Freeze(Limits.Default);
        DeltaStream stream = new(encoder, Frame, (float)threshold);
        ComputeMeter meter = new();
        meter.Begin(1);
        Context context = new() { Meter = meter };
        Context whole = new();
        int frames = film.Length / Frame.Count;
        for (int t = 0; t < frames; t++)
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            using WorkspaceScope other = whole.Workspace.Enter();
            Tensor frame = Tensor.From(new Shape(1, Frame[0], Frame[1], Frame[2]), film.AsSpan(t * Frame.Count, Frame.Count));
            Tensor features = stream.Next(context, frame);
            if (threshold == 0)
            {
                GradientCheck.SameBits(encoder.Forward(whole, frame).Span, features.Span, $"frame {t}");
            }
        }

        double share = (double)meter.ExecutedMacs(0) / (frames * encoder.CountMacs(new Shape(1, Frame[0], Frame[1], Frame[2])));
        Assert.InRange(share, least, most);
    }

    private static Sequential Encoder()
    {
        Sequential encoder = FrameEncoder.Create(3, 8, 16, 16);
        encoder.Initialize(new RandomSource(1));
        return encoder;
    }

    private static float[] Film()
    {
        string? root = Environment.GetEnvironmentVariable(FolderVariable);
        Assert.SkipWhen(string.IsNullOrEmpty(root), $"{FolderVariable} does not name a folder of data sets.");
        string file = Path.Combine(root!, "video-bigbuckbunny", "frames-160x90-rgb-u8.idx.gz");
        Assert.SkipUnless(File.Exists(file), $"{FolderVariable} has no film.");
        using IdxReader reader = new(file);
        Assert.Equal(Frame, reader.ItemShape);
        float[] film = new float[reader.Count * Frame.Count];
        byte[] pixels = new byte[Frame.Count];
        for (int t = 0; reader.TryRead(pixels); t++)
        {
            for (int i = 0; i < pixels.Length; i++)
            {
                film[(t * pixels.Length) + i] = pixels[i] / 255f;
            }
        }

        return film;
    }
}
