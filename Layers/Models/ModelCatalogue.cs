using System;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The architectures that model files can name, one entry each: a trimmed binary holds just these.</summary>
public static class ModelCatalogue
{
    private static readonly ModelArchitecture[] Known =
    [
        new MsdNetArchitecture(),
        new ResNetArchitecture(),
        new CascadeArchitecture(),
        new LocalResNetArchitecture(),
        new AttentiveResNetArchitecture(),
        new ChannelNetArchitecture(),
        new FeedForwardArchitecture(),
        new MixtureNetArchitecture(),
        new GatedResNetArchitecture(),
        new SdnResNetArchitecture(),
        new DynamicConvResNetArchitecture(),
        new SparseResNetArchitecture(),
        new PixelResNetArchitecture(),
        new RaNetArchitecture(),
        new GlanceAndFocusArchitecture(),
        new ResolutionNetArchitecture(),
        new ElasticResNetArchitecture(),
        new TransformedResNetArchitecture(),
        new RecurrentAttentionArchitecture(),
        new AttentionZoomArchitecture(),
        new PatchGatedNetArchitecture(),
        new TokenGridArchitecture(),
        new SoftTreeArchitecture(),
        new NeuralForestArchitecture(),
        new HydraNetArchitecture(),
        new SuperNetArchitecture(),
        new ScaleRoutingArchitecture(),
        new AdaptiveTreeNetArchitecture(),
        new SactResNetArchitecture(),
        new SkipLstmArchitecture(),
        new ExitTransformerArchitecture(),
        new TokenDropTransformerArchitecture(),
    ];

    /// <summary>All architectures.</summary>
    public static ReadOnlySpan<ModelArchitecture> All => Known;

    /// <summary>Finds an architecture by its name.</summary>
    /// <param name="name">Such as "msdnet".</param>
    /// <exception cref="ArgumentException">There is none of that name; the message lists those there are.</exception>
    public static ModelArchitecture Find(string name) => Find(name, Known);

    /// <summary>The architecture of a network; null when the catalogue has none.</summary>
    /// <param name="network">The network.</param>
    public static ModelArchitecture? FindFor(StagedNetwork network)
    {
        foreach (ModelArchitecture architecture in Known)
        {
            if (architecture.Describes(network))
            {
                return architecture;
            }
        }

        return null;
    }

    internal static ModelArchitecture Find(string name, ReadOnlySpan<ModelArchitecture> among)
    {
        foreach (ModelArchitecture architecture in among)
        {
            if (string.Equals(architecture.Name, name, StringComparison.Ordinal))
            {
                return architecture;
            }
        }

        string[] names = new string[among.Length];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = among[i].Name;
        }

        throw new ArgumentException($"There is no architecture {FileText.Quote(name)}; expected one of {string.Join(", ", names)}.", nameof(name));
    }
}
