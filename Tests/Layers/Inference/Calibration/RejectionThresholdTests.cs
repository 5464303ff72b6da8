using System;
using ManagedDyn.Layers.Inference.Calibration;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference.Calibration;

public sealed class RejectionThresholdTests
{
    [Fact]
    public void What_can_be_told_apart_is()
    {
        float bound = RejectionThreshold.Choose([0.9f, 0.8f, 0.95f], [true, true, true], [0.3f, 0.5f]);
        Assert.InRange(bound, 0.5001f, 0.8f);
        Assert.Equal(0, RejectionThreshold.Choose([0.5f, 0.6f], [true, true], [0.9f]));
        Assert.InRange(RejectionThreshold.Choose([0.9f], [false], [0.5f]), 0.5001f, 0.9f);
        Assert.Equal(1, RejectionThreshold.Choose([0.5f], [false], [0.9f]));
        Assert.Throws<ArgumentException>(() => RejectionThreshold.Choose([], [], [0.5f]));
        Assert.Throws<ArgumentException>(() => RejectionThreshold.Choose([0.5f], [true], []));
        Assert.Throws<ArgumentException>(() => RejectionThreshold.Choose([0.5f], [], [0.5f]));
    }

    [Fact]
    public void No_other_threshold_is_better()
    {
        Random random = new(7);
        for (int trial = 0; trial < 50; trial++)
        {
            float[] inside = new float[random.Next(1, 12)];
            bool[] isRight = new bool[inside.Length];
            float[] outside = new float[random.Next(1, 12)];
            for (int i = 0; i < inside.Length; i++)
            {
                inside[i] = random.Next(1, 20) / 20f;
                isRight[i] = random.Next(4) > 0;
            }

            for (int i = 0; i < outside.Length; i++)
            {
                outside[i] = random.Next(1, 20) / 20f;
            }

            double chosen = Worth(inside, isRight, outside, RejectionThreshold.Choose(inside, isRight, outside));
            for (int step = 0; step <= 80; step++)
            {
                Assert.True(Worth(inside, isRight, outside, step / 80f) <= chosen + 1e-9);
            }
        }
    }

    private static double Worth(float[] inside, bool[] isRight, float[] outside, float bound)
    {
        double worth = 0;
        for (int i = 0; i < inside.Length; i++)
        {
            worth += isRight[i] && inside[i] >= bound ? 1.0 / inside.Length : 0;
        }

        foreach (float probability in outside)
        {
            worth += probability < bound ? 1.0 / outside.Length : 0;
        }

        return worth;
    }
}
