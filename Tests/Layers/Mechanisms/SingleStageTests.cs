using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using Xunit;

namespace ManagedDyn.Tests.Layers.Mechanisms;

public class SingleStageTests
{
    [Fact]
    public void One_stage_gives_what_the_layer_gives()
    {
        Linear layer = new(6, 4);
        SingleStage network = new(new Shape(6), layer);
        network.Initialize(new RandomSource(1));
        Tensor input = Tensor.Zeros(new Shape(3, 6));
        new RandomSource(2).Stream("input").FillNormal(input.Span, 0, 0);
        Context context = new();
        StageState state = network.CreateState();
        network.Start(context, input, state);
        Assert.Equal(layer.Forward(context, input).ToArray(), network.Advance(context, state).ToArray());
        Assert.Throws<InvalidOperationException>(() => network.Advance(context, state));
        Assert.Equal(1, network.StageCount);
        Assert.Equal(4, network.ClassCount);
        Assert.Equal(24, network.StageMacs(0));
        Assert.Equal("network.weight", network.NamedParameters()[0].Key);
    }

    [Fact]
    public void A_layer_that_gives_no_logits_is_refused() =>
        Assert.Throws<ArgumentException>(() => new SingleStage(new Shape(4, 4, 2), new Conv2d(2, 3, 1)));
}
