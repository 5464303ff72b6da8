using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.Laws;
using Xunit;

namespace ManagedDyn.Tests.Layers.Models;

/// <summary>What can be named in a model file is what there is.</summary>
public sealed class ModelCatalogueTests
{
    public static TheoryData<string> Names() => StagedNetworks.Names();

    [Fact]
    public void Every_architecture_stands_in_the_catalogue_once()
    {
        // An architecture of options is told by what they are, any other by its own type.
        Type generic = typeof(RecipeArchitecture<>);
        IEnumerable<Type> types = typeof(ModelArchitecture).Assembly.GetTypes().Where(
            type => !type.IsAbstract && type != generic && (type.IsSubclassOf(typeof(ModelArchitecture)) || type.IsSubclassOf(typeof(ModelOptions))));
        IEnumerable<Type> listed = ModelCatalogue.All.ToArray().Select(entry => entry.GetType()).Select(type => type.IsGenericType ? type.GetGenericArguments()[0] : type);
        Assert.Equal(types.Select(type => type.Name).Order(), listed.Select(type => type.Name).Order());
        Assert.Equal(ModelCatalogue.All.Length, ModelCatalogue.All.ToArray().Select(entry => entry.Name).Distinct().Count());
        foreach (ModelArchitecture entry in ModelCatalogue.All)
        {
            Assert.Same(entry, ModelCatalogue.Find(entry.Name));
        }
    }

    [Fact]
    public void Every_staged_network_can_be_named()
    {
        HashSet<Type> named = [.. StagedNetworks.OfPixels().Where(network => ModelCatalogue.FindFor(network) is not null).Select(network => network.GetType())];
        foreach (string name in Names().Select(row => row.Data))
        {
            StagedNetwork network = StagedNetworks.Model(name).Network;
            if (ModelCatalogue.FindFor(network) is not null)
            {
                named.Add(network.GetType());
            }
        }

        // Mechanisms wrap layers of the caller's own; all else is a model.
        foreach (Type type in typeof(StagedNetwork).Assembly.GetTypes())
        {
            if (type.IsSubclassOf(typeof(StagedNetwork)) && !type.IsAbstract && type.Namespace != typeof(StagedNetwork).Namespace)
            {
                Assert.True(named.Contains(type), $"{type.Name} is built by no architecture of the catalogue that {nameof(StagedNetworks)} tests.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_network_read_from_its_file_answers_with_the_same_bits(string name)
    {
        Model model = StagedNetworks.Model(name);
        Assert.NotNull(model.Architecture);
        using MemoryStream stream = new();
        ModelFile.Write(model, stream);
        byte[] bytes = stream.ToArray();
        Model read = ModelFile.Read(new MemoryStream(bytes), new ModelFileOptions { Architectures = [new TestKit.TinyNetwork.Architecture()] });
        using MemoryStream again = new();
        ModelFile.Write(read, again);
        Assert.Equal(bytes, again.ToArray());
        Assert.Equal(model.Network.CountParameters(), read.Network.CountParameters());
        Assert.Equal(model.FullMacs, read.FullMacs);
        float[] input = new float[model.SampleShape.Count];
        new RandomSource(2).Stream("input").FillNormal(input, 0, 0);
        float[] expected = new float[model.ClassCount];
        float[] actual = new float[model.ClassCount];
        new Session(model).Predict(input, expected, Budget.Full);
        new Session(read).Predict(input, actual, Budget.Full);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_name_that_is_not_there_is_answered_with_those_that_are()
    {
        ArgumentException exception = Assert.Throws<ArgumentException>(() => ModelCatalogue.Find("alexnet\u001b[2J"));
        Assert.Contains("alexnet\\u001b", exception.Message, StringComparison.Ordinal);
        Assert.Contains("msdnet", exception.Message, StringComparison.Ordinal);
    }
}
