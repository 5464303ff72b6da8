using System;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.Laws;
using Xunit;

namespace ManagedDyn.Tests.Layers.Models;

public sealed class AttentiveResNetTests
{
    public static TheoryData<string, string> Kinds()
    {
        TheoryData<string, string> kinds = [];
        foreach (string attention in AttentiveResNetOptions.Attentions)
        {
            kinds.Add(attention, "relu");
        }

        foreach (string activation in AttentiveResNetOptions.Activations[1..])
        {
            kinds.Add("none", activation);
        }

        kinds.Add("se", "dyrelu-b");

        return kinds;
    }

    [Fact]
    public void Without_attention_it_is_the_residual_network()
    {
        AttentiveResNetOptions options = new() { Attention = "none" };
        ResNetOptions plain = new() { StemStride = options.StemStride, Channels = options.Channels, Blocks = options.Blocks };
        IntermediateClassifiers network = AttentiveResNet.Create(options);
        Assert.Equal(ResNet.Create(plain).StageMacs(0), network.StageMacs(0));
        Assert.Equal(ResNet.Create(plain).CountParameters(), network.CountParameters());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_adds_little_cost(string attention, string activation)
    {
        long plain = AttentiveResNet.Create(new AttentiveResNetOptions { Attention = "none" }).StageMacs(0);
        long macs = AttentiveResNet.Create(new AttentiveResNetOptions { Attention = attention, Activation = activation }).StageMacs(0);
        Assert.InRange((double)macs / plain, 0.98, 1.1);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_kind_obeys_the_laws_of_layers(string attention, string activation) => LayerLaws.CheckAll(
        new($"{attention} {activation}", typeof(AttentiveResNetBlock), () => new AttentiveResNetBlock(4, 8, 2, attention, activation, 2), 7, 6, 4));

    [Fact]
    public void Unknown_kinds_are_refused_by_name()
    {
        ArgumentException attention = Assert.Throws<ArgumentException>(() => AttentiveResNet.Create(new AttentiveResNetOptions { Attention = "sse" }));
        Assert.Contains("'sse'", attention.Message, StringComparison.Ordinal);
        Assert.Contains("cbam", attention.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => AttentiveResNet.Create(new AttentiveResNetOptions { Activation = "selu" }));
        Assert.Throws<ArgumentException>(() => AttentiveResNet.Create(new AttentiveResNetOptions { Reduction = 0 }));
        Assert.Throws<ArgumentException>(() => AttentiveResNet.Create(new AttentiveResNetOptions { Blocks = [1] }));
    }
}
