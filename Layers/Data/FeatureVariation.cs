using System;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Varies a sequence of features for training: up to two steps of its beginning are dropped, all features are raised or lowered together by up to ½ (loudness, where
/// features are logarithms over their deviation), the speed changes by up to a tenth, and up to two steps and a fifth of the features in a row are 0 (Park et al.,
/// "SpecAugment", Interspeech 2019).
/// </summary>
internal static class FeatureVariation
{
    private const int LatestStart = 3;
    private const float Loudness = 0.5f;
    private const float Speed = 0.1f;
    private const int MostHiddenSteps = 3;

    public static void Draw(RandomStream random, long epoch, int index, ReadOnlySpan<float> values, int features, Span<float> destination)
    {
        int steps = values.Length / features;
        int start = steps > 4 * LatestStart ? random.Integer(LatestStart, epoch, index, 0) : 0;
        float speed = 1 + (Speed * ((2 * random.Uniform(epoch, index, 1)) - 1));
        float louder = Loudness * ((2 * random.Uniform(epoch, index, 2)) - 1);
        int most = destination.Length / features;
        int count = Math.Clamp((int)((steps - start) / speed), 1, most);
        for (int t = 0; t < count; t++)
        {
            // Between two steps, by their distance.
            float place = Math.Min(start + (t * speed), steps - 1);
            int before = (int)place;
            float share = place - before;
            ReadOnlySpan<float> left = values.Slice(before * features, features);
            ReadOnlySpan<float> right = values.Slice(Math.Min(before + 1, steps - 1) * features, features);
            Span<float> to = destination.Slice(t * features, features);
            for (int f = 0; f < features; f++)
            {
                to[f] = left[f] + (share * (right[f] - left[f])) + louder;
            }
        }

        Hide(random, epoch, index, destination[..(count * features)], features);
        FeatureSamples.Mark(destination[..(count * features)], features);
        destination[(count * features)..].Clear();
    }

    private static void Hide(RandomStream random, long epoch, int index, Span<float> values, int features)
    {
        int steps = values.Length / features;
        int hidden = Math.Min(random.Integer(MostHiddenSteps, epoch, index, 3), steps / 4);
        int first = random.Integer(Math.Max(1, steps - hidden), epoch, index, 4);
        values.Slice(first * features, hidden * features).Clear();
        int bands = random.Integer(Math.Max(1, features / 5), epoch, index, 5);
        int low = random.Integer(Math.Max(1, features - bands), epoch, index, 6);
        for (int t = 0; t < steps; t++)
        {
            values.Slice((t * features) + low, bands).Clear();
        }
    }
}
