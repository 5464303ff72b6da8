using System;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>The architectures that model files can name, one entry each: a trimmed binary holds just these.</summary>
public static class ModelCatalogue
{
    private static readonly ModelArchitecture[] Known =
    [
        new RecipeArchitecture<MsdNetOptions>("msdnet", MsdNetOptions.Read, static options => new MsdNet(options)),
        new RecipeArchitecture<ResNetOptions>("resnet", ResNetOptions.Read, ResNet.Create),
        new CascadeArchitecture(),
        new RecipeArchitecture<LocalResNetOptions>("local-resnet", LocalResNetOptions.Read, LocalResNet.Create),
        new RecipeArchitecture<AttentiveResNetOptions>("attentive-resnet", AttentiveResNetOptions.Read, AttentiveResNet.Create),
        new RecipeArchitecture<ChannelNetOptions>("channel-net", ChannelNetOptions.Read, ChannelNet.Create),
        new RecipeArchitecture<FeedForwardOptions>("feed-forward", FeedForwardOptions.Read, FeedForwardNet.Create),
        new RecipeArchitecture<MixtureNetOptions>("mixture", MixtureNetOptions.Read, MixtureNet.Create),
        new RecipeArchitecture<GatedResNetOptions>("gated-resnet", GatedResNetOptions.Read, static options => GatedResNet.Create(options)),
        new RecipeArchitecture<SdnResNetOptions>("sdn-resnet", SdnResNetOptions.Read, SdnResNet.Create),
        new RecipeArchitecture<DynamicConvResNetOptions>("dynamic-conv-resnet", DynamicConvResNetOptions.Read, DynamicConvResNet.Create),
        new RecipeArchitecture<SparseResNetOptions>("dynconv-resnet", SparseResNetOptions.Read, static options => new SparseResNet(options)),
        new RecipeArchitecture<PixelResNetOptions>("pixel-resnet", PixelResNetOptions.Read, PixelResNet.Create),
        new RecipeArchitecture<RaNetOptions>("ranet", RaNetOptions.Read, static options => new RaNet(options)),
        new RecipeArchitecture<GlanceAndFocusOptions>("glance-and-focus", GlanceAndFocusOptions.Read, static options => new GlanceAndFocus(options)),
        new RecipeArchitecture<ResolutionNetOptions>("dynamic-resolution", ResolutionNetOptions.Read, ResolutionNet.Create),
        new RecipeArchitecture<ElasticResNetOptions>("elastic-resnet", ElasticResNetOptions.Read, ElasticResNet.Create),
        new RecipeArchitecture<TransformedResNetOptions>("spatial-transformer", TransformedResNetOptions.Read, TransformedResNet.Create),
        new RecipeArchitecture<RecurrentAttentionOptions>("recurrent-attention", RecurrentAttentionOptions.Read, static options => new RecurrentAttention(options)),
        new RecipeArchitecture<AttentionZoomOptions>("attention-zoom", AttentionZoomOptions.Read, static options => new AttentionZoom(options)),
        new RecipeArchitecture<PatchGatedNetOptions>("patch-gated", PatchGatedNetOptions.Read, PatchGatedNet.Create),
        new RecipeArchitecture<TokenGridOptions>("token-grid", TokenGridOptions.Read, static options => new TokenGrid(options)),
        new RecipeArchitecture<SoftTreeOptions>("soft-tree", SoftTreeOptions.Read, SoftTree.Create),
        new RecipeArchitecture<NeuralForestOptions>("neural-forest", NeuralForestOptions.Read, NeuralForest.Create),
        new RecipeArchitecture<HydraNetOptions>("hydranet", HydraNetOptions.Read, HydraNet.Create),
        new RecipeArchitecture<SuperNetOptions>("supernet", SuperNetOptions.Read, SuperNet.Create),
        new RecipeArchitecture<ScaleRoutingOptions>("scale-routing", ScaleRoutingOptions.Read, ScaleRouting.Create),
        new RecipeArchitecture<AdaptiveTreeOptions>("adaptive-tree", AdaptiveTreeOptions.Read, AdaptiveTreeNet.Create),
        new RecipeArchitecture<SactResNetOptions>("sact-resnet", SactResNetOptions.Read, SactResNet.Create),
        new RecipeArchitecture<RefinementNetOptions>("refinement-net", RefinementNetOptions.Read, static options => new RefinementNet(options)),
        new RecipeArchitecture<SkipLstmOptions>("skip-lstm", SkipLstmOptions.Read, SkipLstm.Create),
        new RecipeArchitecture<ExitTransformerOptions>("exit-transformer", ExitTransformerOptions.Read, ExitTransformer.Create),
        new RecipeArchitecture<TokenDropTransformerOptions>("token-drop-transformer", TokenDropTransformerOptions.Read, TokenDropTransformer.Create),
        new RecipeArchitecture<EarlyStopOptions>("early-stop", EarlyStopOptions.Read, EarlyStopNet.Create),
        new RecipeArchitecture<AdaptiveRnnOptions>("adaptive-rnn", AdaptiveRnnOptions.Read, AdaptiveRnn.Create),
        new RecipeArchitecture<UniversalTransformerOptions>("universal-transformer", UniversalTransformerOptions.Read, UniversalTransformer.Create),
        new RecipeArchitecture<MixtureTransformerOptions>("mixture-transformer", MixtureTransformerOptions.Read, MixtureTransformer.Create),
        new RecipeArchitecture<FramePoolOptions>("frame-pool", FramePoolOptions.Read, FramePool.Create),
        new RecipeArchitecture<FrameExitOptions>("frame-exit", FrameExitOptions.Read, static options => new FrameExit(options)),
        new RecipeArchitecture<AdaFrameOptions>("ada-frame", AdaFrameOptions.Read, static options => new AdaFrame(options)),
        new RecipeArchitecture<KeyFrameNetOptions>("key-frames", KeyFrameNetOptions.Read, static options => new KeyFrameNet(options)),
        new RecipeArchitecture<ArNetOptions>("ar-net", ArNetOptions.Read, ArNet.Create),
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
