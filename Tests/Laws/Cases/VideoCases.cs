using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>Layers of Layers/TemporalWise/Video that the laws are tested on, and networks of videos as layers that give the answers of all their stages.</summary>
internal static class VideoCases
{
    private const int Frames = 5;
    private const int Height = 8;
    private const int Width = 7;
    private const int FrameSize = Height * Width * 2;

    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("frame reuse, exact", typeof(FrameReuse), () => new FrameReuse(Encoder(2, 4)), Frames, Height, Width, 2) { Skips = true },

        // A change of one value by the step of differences does not change which frames are seen.
        new("frame reuse, thresholded", typeof(FrameReuse), () => new FrameReuse(Encoder(2, 4), 0.2f), Frames, Height, Width, 2) { Skips = true, Inputs = Slow },

        // No gradient of the answer reaches the sampler.
        new("key frames", typeof(KeyFrameSampling), () => new KeyFrameSampling(Classifier(2, 3, 4), 4, 3, Classifier(2, 6, 4), 2), Frames, Height, Width, 2) { WithoutGradient = ["glance.0.0.conv.weight", "glance.0.0.norm.weight", "glance.0.0.norm.bias", "glance.1.weight", "glance.1.bias"] },
        new("key frames, all of them", typeof(KeyFrameSampling), () => new KeyFrameSampling(Classifier(2, 3, 4), 4, 3, Classifier(2, 6, 4), 9), Frames, Height, Width, 2) { WithoutGradient = ["glance.0.0.conv.weight", "glance.0.0.norm.weight", "glance.0.0.norm.bias", "glance.1.weight", "glance.1.bias"] },

        // Soft choices are the function itself; hard ones pass gradients straight through.
        new("frame resolution, soft", typeof(FrameResolution), () => Resolution([], new GumbelSoftmaxRelaxation(isHard: false, noiseUntil: 0)), Frames, Height, Width, 2) { Skips = true, ChecksTrainMode = false },
        new("frame resolution and skips", typeof(FrameResolution), () => Resolution([1, 2]), Frames, Height, Width, 2) { Skips = true, HasSurrogateGradients = true, Prepare = layer => Scale(layer, "head.weight", 8) },

        // The gates learn from features that they do not bend.
        new("frame exit", typeof(FrameExit), () => new StagedLayer(new FrameExit(new FrameExitOptions { Frames = Frames, Height = Height, Width = Width, InputChannels = 2, Classes = 3, Channels = [4, 6] })), Frames, Height, Width, 2) { WithoutGradient = Gates() },
        new("ada-frame", typeof(AdaFrame), () => new StagedLayer(new AdaFrame(new AdaFrameOptions { Frames = Frames, Height = Height, Width = Width, InputChannels = 2, Classes = 3, Channels = [4, 6], Looks = 3, Reduction = 2, MemoryChannels = [3], Hidden = 5 })), Frames, Height, Width, 2)
        {
            HasSurrogateGradients = true,
            WithoutGradient = ["network.memory.selection.weight", "network.utility.weight", "network.utility.bias"],
        },
    ];


    private static string[] Gates()
    {
        List<string> names = [];
        for (int t = 0; t < Frames - 1; t++)
        {
            foreach (string part in new[] { "first", "second", "head" })
            {
                names.Add($"network.gate{t}.{part}.weight");
                names.Add($"network.gate{t}.{part}.bias");
            }
        }

        return [.. names];
    }

    private static Sequential Encoder(int inChannels, int channels) => FrameEncoder.Create(inChannels, channels);

    private static Sequential Classifier(int inChannels, int channels, int classes) => new(Encoder(inChannels, channels), new Linear(channels, classes));

    private static FrameResolution Resolution(int[] skips, ChoiceRelaxation? relaxation = null) => new(
        Encoder(2, 3), 4, 4, 3, 5, [Classifier(2, 4, 3), Classifier(2, 6, 3)], [(4, 4), (Height, Width)], skips, relaxation);

    // Every other frame hardly differs from the one before.
    private static float[] Slow(int count, int seed)
    {
        float[] values = new float[count];
        RandomStream stream = new RandomSource((ulong)seed).Stream("frames");
        for (int i = 0; i < count; i++)
        {
            bool isSlow = i / FrameSize % Frames % 2 == 1;
            values[i] = isSlow ? values[i - FrameSize] + (0.02f * stream.Normal(0, 0, i)) : stream.Normal(0, 0, i);
        }

        return values;
    }

    private static void Scale(Layer layer, string part, float factor)
    {
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (path.EndsWith(part, StringComparison.Ordinal))
            {
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= factor;
                }
            }
        }
    }
}
