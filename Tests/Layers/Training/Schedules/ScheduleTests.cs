using System;
using ManagedDyn.Layers.Training.Schedules;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Schedules;

public class ScheduleTests
{
    [Fact]
    public void Constant_stays() => Assert.Equal(0.3f, new ConstantSchedule(0.3).Rate(1_000_000));

    [Fact]
    public void Step_falls_at_its_milestones()
    {
        StepSchedule schedule = new(1, 0.1, 10, 20);
        Assert.Equal([1f, 1f, 0.1f, 0.1f, 0.01f, 0.01f], Rates(schedule, 0, 9, 10, 19, 20, 500), (left, right) => Math.Abs(left - right) < 1e-7f);
        Assert.Equal("step(rate=1, factor=0.1, 10, 20)", schedule.Description);
    }

    [Fact]
    public void Cosine_falls_from_rate_to_floor()
    {
        CosineSchedule schedule = new(0.2, 100, 0.1);
        Assert.Equal(0.2f, schedule.Rate(0));
        Assert.Equal(0.15f, schedule.Rate(50), 1e-7f);
        Assert.Equal(0.1 + (0.1 * 0.5 * (1 + Math.Cos(Math.PI / 4))), schedule.Rate(25), 1e-7);
        Assert.Equal(0.1f, schedule.Rate(100));
        Assert.Equal(0.1f, schedule.Rate(1000));
    }

    [Fact]
    public void Warmup_rises_linearly_and_hands_over()
    {
        WarmupSchedule schedule = new(new CosineSchedule(0.4, 100), 10, 0.1);
        Assert.Equal(0.04f, schedule.Rate(0), 1e-7f);
        Assert.Equal(0.4f * 0.55f, schedule.Rate(5), 1e-6f);
        Assert.Equal(0.4f, schedule.Rate(10));
        Assert.Equal(new CosineSchedule(0.4, 100).Rate(37), schedule.Rate(47));
        Assert.Equal("warmup(steps=10, start=0.1, cosine(rate=0.4, steps=100, floor=0))", schedule.Description);
    }

    [Fact]
    public void One_cycle_rises_to_its_peak_and_falls()
    {
        OneCycleSchedule schedule = new(1, 100);
        Assert.Equal(1 / 25f, schedule.Rate(0), 1e-6f);
        Assert.Equal(1f, schedule.Rate(29), 1e-6f);
        Assert.Equal(1 / 25e4f, schedule.Rate(99), 1e-9f);
        Assert.Equal(schedule.Rate(99), schedule.Rate(200));
        for (int step = 1; step < 100; step++)
        {
            Assert.Equal(step <= 29, schedule.Rate(step) > schedule.Rate(step - 1));
        }
    }

    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(2, 0.3)]
    [InlineData(3, 0.01)]
    [InlineData(3, 0.99)]
    public void One_cycle_is_finite_when_short(long steps, double share)
    {
        OneCycleSchedule schedule = new(1, steps, share);
        for (long step = 0; step <= steps; step++)
        {
            Assert.InRange(schedule.Rate(step), 0, 1);
        }
    }

    [Fact]
    public void Wrong_settings_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantSchedule(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(-1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineSchedule(1, 0));
        Assert.Throws<ArgumentException>(() => new StepSchedule(1, 0.1, 5, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WarmupSchedule(new ConstantSchedule(1), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new OneCycleSchedule(1, 10, 1));
    }

    private static float[] Rates(Schedule schedule, params long[] steps) => Array.ConvertAll(steps, schedule.Rate);
}
