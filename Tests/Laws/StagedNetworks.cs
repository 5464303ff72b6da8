using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Laws;

/// <summary>The staged networks that the laws of inference are tested on: one line each. Every architecture of the catalogue must be here.</summary>
public static class StagedNetworks
{
    private static readonly Dictionary<string, Func<StagedNetwork>> Makers = new(StringComparer.Ordinal)
    {
        ["tiny"] = () => new TinyNetwork(4, 5, 16, new Shape(4, 4, 3)),
        ["tiny, one exit"] = () => new TinyNetwork(1, 3, 8, new Shape(6)),
    };

    private static readonly Dictionary<string, Model> Models = new(StringComparer.Ordinal);

    public static TheoryData<string> Names() => new(Makers.Keys);

    public static StagedNetwork Make(string name) => Makers[name]();

    /// <summary>A frozen model with unit preprocessing; the same object at each call.</summary>
    public static Model Model(string name)
    {
        lock (Models)
        {
            if (!Models.TryGetValue(name, out Model? model))
            {
                StagedNetwork network = Make(name);
                model = new Model(network, new ModelDescription { Preprocessing = Preprocessing.Unit(network.SampleShape) }, null, network is TinyNetwork ? new TinyNetwork.Architecture() : null);
                Models.Add(name, model);
            }

            return model;
        }
    }

    public static bool Covers(ModelArchitecture architecture)
    {
        foreach (string name in Makers.Keys)
        {
            if (architecture.Describes(Model(name).Network))
            {
                return true;
            }
        }

        return false;
    }
}
