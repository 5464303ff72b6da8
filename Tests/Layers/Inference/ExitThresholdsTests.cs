using System;
using FsCheck;
using FsCheck.Xunit;
using ManagedDyn.Layers.Inference;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

public sealed class ExitThresholdsTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(-1e-30f)]
    [InlineData(float.NegativeInfinity)]
    public void Values_that_decide_nothing_are_refused(float wrong)
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => new ExitThresholds(0.5f, wrong));
        Assert.Contains("exit 1", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Budget.Confidence(wrong));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.PositiveInfinity)]
    public void A_strictness_that_is_no_factor_is_refused(float wrong) =>
        Assert.Throws<ArgumentException>(() => new ExitThresholds(0.5f).Scale(wrong));

    [Property(MaxTest = 500)]
    public void Stricter_thresholds_never_let_a_sample_leave_earlier(PositiveInt exits, NonNegativeInt seed)
    {
        Random random = new(seed.Get);
        int count = (exits.Get % 12) + 1;
        float[] confidences = new float[count];
        float[] low = new float[count - 1];
        float[] high = new float[count - 1];
        for (int i = 0; i < count; i++)
        {
            confidences[i] = random.Next(20) / 20f;
        }

        for (int i = 0; i < low.Length; i++)
        {
            low[i] = random.Next(8) == 0 ? 0f : random.Next(20) / 20f;
            high[i] = random.Next(8) == 0 ? ExitThresholds.Never : low[i] + (random.Next(3) / 20f);
        }

        ExitThresholds lenient = new(low);
        ExitThresholds strict = new(high);
        Assert.True(strict.IsAtLeastAsStrictAs(lenient));
        Assert.True(strict.ExitOf(confidences) >= lenient.ExitOf(confidences));
        ExitThresholds scaled = lenient.Scale(1f + random.NextSingle());
        Assert.True(scaled.IsAtLeastAsStrictAs(lenient));
        Assert.True(scaled.ExitOf(confidences) >= lenient.ExitOf(confidences));
    }

    [Fact]
    public void A_confidence_equal_to_the_threshold_leaves_and_the_last_exit_takes_all()
    {
        ExitThresholds thresholds = new(0.5f, ExitThresholds.Never);
        Assert.Equal(0, thresholds.ExitOf([0.5f, 0f, 0f]));
        Assert.Equal(2, thresholds.ExitOf([0.49999997f, float.MaxValue, 0f]));
        Assert.Equal(1, ExitThresholds.AlwaysAt(3, 1).ExitOf([1f, 0f, 0f]));
        Assert.Equal(2, ExitThresholds.AlwaysAt(3, 2).ExitOf([1f, 1f, 0f]));
        Assert.Throws<ArgumentException>(() => thresholds.ExitOf([1f]));
    }
}
