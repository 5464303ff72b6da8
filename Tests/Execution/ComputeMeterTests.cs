using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Execution;

public class ComputeMeterTests
{
    [Fact]
    public void Costs_go_to_the_sample_that_a_row_stands_for_and_to_the_layer_that_runs()
    {
        Workspace workspace = new();
        ComputeMeter meter = new();
        meter.Begin(4);
        meter.Layer = 2;
        meter.Record(default, 4, 10, 12);
        meter.Layer = 5;
        meter.Record(workspace.Select(4, [1, 3]), 2, 100, 200);
        Assert.Equal([10, 110, 10, 110], [meter.ExecutedMacs(0), meter.ExecutedMacs(1), meter.ExecutedMacs(2), meter.ExecutedMacs(3)]);
        Assert.Equal(212, meter.DenseMacs(3));
        Assert.Equal(40, meter.LayerExecutedMacs(2));
        Assert.Equal(400, meter.LayerDenseMacs(5));
        meter.Begin(2);
        Assert.Equal(0, meter.ExecutedMacs(1));
        Assert.Equal(0, meter.LayerExecutedMacs(2));
    }

    [Fact]
    public void A_row_beyond_the_batch_is_refused()
    {
        ComputeMeter meter = new();
        meter.Begin(2);
        Assert.Throws<InvalidOperationException>(() => meter.Record(default, 3, 1, 1));
    }
}
