using System.Collections.Generic;
using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
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
        ["msdnet"] = () => Initialized(new MsdNet(new MsdNetOptions
        {
            Height = 12,
            Width = 12,
            InputChannels = 2,
            Classes = 5,
            BaseChannels = 4,
            GrowthRate = 6,
            LayersPerBlock = [1, 2, 1],
            ClassifierChannels = 8,
        })),
        ["resnet with intermediate classifiers"] = () => Initialized(ResNet.Create(new ResNetOptions
        {
            Height = 12,
            Width = 12,
            InputChannels = 2,
            Classes = 5,
            Channels = [4, 8, 16],
            HasIntermediateClassifiers = true,
        })),
        ["cascade of resnets"] = () => Initialized(ResNet.CreateCascade(
            new ResNetOptions { Height = 8, Width = 8, InputChannels = 1, Classes = 3, Channels = [4], Blocks = [1] },
            new ResNetOptions { Height = 8, Width = 8, InputChannels = 1, Classes = 3, Channels = [8, 12], Blocks = [1, 1] })),
        ["cascade with learned exits"] = () => Initialized(ResNet.CreateCascade(
            true,
            new ResNetOptions { Height = 8, Width = 8, InputChannels = 1, Classes = 3, Channels = [4], Blocks = [1] },
            new ResNetOptions { Height = 8, Width = 8, InputChannels = 1, Classes = 3, Channels = [6], Blocks = [1] },
            new ResNetOptions { Height = 8, Width = 8, InputChannels = 1, Classes = 3, Channels = [8, 12], Blocks = [1, 1] })),
        ["local resnet, deformable"] = () => Initialized(LocalResNet.Create(Local(LocalOperation.ModulatedDeformable))),
        ["local resnet, involution"] = () => Initialized(LocalResNet.Create(Local(LocalOperation.Involution))),
        ["local resnet, pixel-adaptive"] = () => Initialized(LocalResNet.Create(Local(LocalOperation.PixelAdaptive))),
        ["local resnet, deformable kernel"] = () => Initialized(LocalResNet.Create(Local(LocalOperation.DeformableKernel))),
        ["local resnet, local filters"] = () => Initialized(LocalResNet.Create(Local(LocalOperation.LocalFilter))),
        ["local resnet, regions"] = () => Initialized(LocalResNet.Create(Local(LocalOperation.RegionAware))),
        ["resnet with block attention and dynamic relu"] = () => Initialized(AttentiveResNet.Create(Attentive("cbam", "dyrelu-c"))),
        ["resnet with selective kernels and meta-acon"] = () => Initialized(AttentiveResNet.Create(Attentive("sk", "meta-acon"))),
        ["static channels"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Static })),
        ["boosted channels"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Boosted })),
        ["gated channels"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Gated, Threshold = 0.2 })),
        ["gated channels, shuffled"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Gated, Threshold = 0.2, Partitions = 2, ShufflesChannels = true })),
        ["pruned channels"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Pruned })),
        ["channels opened by a second network"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Gater })),
        ["slimmable"] = () => Initialized(ChannelNet.Create(new ChannelNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [6, 8, 16, 16], Strides = [1, 2, 2, 1], GroupSize = 4, GateUnits = 6, Method = ChannelMethod.Slimmable })),
        ["static neurons"] = () => Initialized(FeedForwardNet.Create(new FeedForwardOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Hidden = [32, 24], BlockSize = 8, Rank = 6, Method = FeedForwardMethod.Static })),
        ["blocks of neurons"] = () => Initialized(FeedForwardNet.Create(new FeedForwardOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Hidden = [32, 24], BlockSize = 8, Rank = 6, Method = FeedForwardMethod.Blocks })),
        ["estimated neurons"] = () => Initialized(FeedForwardNet.Create(new FeedForwardOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Hidden = [32, 24], BlockSize = 8, Rank = 6, Method = FeedForwardMethod.Signs })),
        ["mixture of the best experts"] = () => Initialized(MixtureNet.Create(new MixtureNetOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Channels = [12, 8], Hidden = [5, 6], Experts = 4, Gating = ExpertGating.TopK })),
        ["mixture of two levels"] = () => Initialized(MixtureNet.Create(new MixtureNetOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Channels = [12, 8], Hidden = [5, 6], Experts = 6, Gating = ExpertGating.Hierarchical, Groups = 2, Chosen = 2 })),
        ["soft mixture"] = () => Initialized(MixtureNet.Create(new MixtureNetOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Channels = [12, 8], Hidden = [5, 6], Experts = 4, Gating = ExpertGating.Soft })),
        ["static mixture"] = () => Initialized(MixtureNet.Create(new MixtureNetOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Channels = [12, 8], Hidden = [5, 6], Experts = 4, Gating = ExpertGating.Static })),
        ["mixture of convolutions"] = () => Initialized(MixtureNet.Create(new MixtureNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 4, IsConvolutional = true, Channels = [8, 12], Hidden = [4, 6], Experts = 3, Chosen = 1, Gating = ExpertGating.Switch })),
        ["resnet with feed-forward gates"] = () => Gated(SkippingMethod.FeedForward),
        ["resnet with a recurrent gate"] = () => Gated(SkippingMethod.Recurrent),
        ["resnet with pooled gates"] = () => Gated(SkippingMethod.Pooled),
        ["resnet with a policy network"] = () => Gated(SkippingMethod.Policy),
        ["resnet with halting scores"] = () => Gated(SkippingMethod.Halting),
        ["resnet with attached classifiers"] = () => Initialized(SdnResNet.Create(new SdnResNetOptions
        {
            Backbone = new ResNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [4, 8], Blocks = [2, 2] },
            After = [1, 3],
        })),
        ["msdnet with exits that add up"] = () => Initialized(new MsdNet(new MsdNetOptions
        {
            Height = 8,
            Width = 8,
            InputChannels = 1,
            Classes = 4,
            BaseChannels = 4,
            GrowthRate = 4,
            LayersPerBlock = [1, 1, 1],
            ClassifierChannels = 6,
            ExitCarry = 0.5f,
        })),
        ["condconv resnet"] = () => Initialized(DynamicConvResNet.Create(Kernels(DynamicConvKind.CondConv) with { Experts = 3 })),
        ["dy-cnn resnet"] = () => Initialized(DynamicConvResNet.Create(Kernels(DynamicConvKind.DyCnn) with { Experts = 2, StemStride = 2 })),
        ["weightnet resnet"] = () => Initialized(DynamicConvResNet.Create(Kernels(DynamicConvKind.WeightNet) with { Experts = 2 })),
        ["dynamic filter resnet"] = () => Initialized(DynamicConvResNet.Create(Kernels(DynamicConvKind.DynamicFilter) with { Reduction = 2 })),
        ["hyper resnet"] = () => Initialized(DynamicConvResNet.Create(Kernels(DynamicConvKind.Hyper) with { Blocks = [1, 2] })),
        ["sparse resnet"] = () => Initialized(new SparseResNet(new SparseResNetOptions
        {
            Height = 14,
            Width = 11,
            InputChannels = 2,
            Classes = 5,
            Channels = [6, 8],
            Blocks = [2, 1],
            Granularity = 2,
        })),
        ["dual-gated resnet"] = () => Initialized(new SparseResNet(new SparseResNetOptions { Height = 14, Width = 11, InputChannels = 2, Classes = 5, Channels = [6, 10], Blocks = [2, 1], Granularity = 2, ChannelGroup = 4 })),
        ["low-cost resnet"] = () => Initialized(PixelResNet.Create(new PixelResNetOptions { Operation = PixelOperation.LowCost, Height = 14, Width = 11, InputChannels = 2, Classes = 5, Channels = [6, 8], Blocks = [2, 1] })),
        ["interpolated resnet"] = () => Initialized(PixelResNet.Create(new PixelResNetOptions { Operation = PixelOperation.Interpolated, Height = 14, Width = 11, InputChannels = 2, Classes = 5, Channels = [6, 8], Blocks = [2, 1], Grid = 3 })),
        ["adaptively connected resnet"] = () => Initialized(PixelResNet.Create(new PixelResNetOptions { Operation = PixelOperation.AdaptivelyConnected, Height = 14, Width = 11, InputChannels = 2, Classes = 5, Channels = [6, 8], Blocks = [2, 1] })),
        ["sact resnet"] = () => Initialized(SactResNet.Create(new SactResNetOptions
        {
            Height = 12,
            Width = 11,
            InputChannels = 2,
            Classes = 5,
            Channels = [6, 8],
            Units = [3, 2],
            Start = -0.5f,
        })),
        ["sparse bottlenecks"] = () => Initialized(new SparseResNet(new SparseResNetOptions
        {
            Height = 32,
            Width = 30,
            InputChannels = 3,
            Classes = 4,
            HasLargeStem = true,
            Channels = [16, 24],
            Blocks = [1, 2],
            Expansion = 4,
            Granularity = 1,
        })),
        ["ranet"] = () => Initialized(new RaNet(new RaNetOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Blocks = [2, 3, 3], Layers = 1, BaseChannels = 4, GrowthRate = 2, ClassifierChannels = 6, ExitsPerScale = 2 })),
        ["glance and focus"] = () => Initialized(new GlanceAndFocus(new GlanceAndFocusOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Channels = [4, 6], Blocks = [1, 1], Hidden = 8, PolicyHidden = 6, PolicyChannels = 3 })),
        ["glance and larger patches"] = () => Initialized(new GlanceAndFocus(new GlanceAndFocusOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Channels = [4, 6], Blocks = [1, 1], Hidden = 8, PolicyHidden = 6, PolicyChannels = 3, PatchShare = 0.75 })),
        ["dynamic resolution"] = () => Initialized(ResolutionNet.Create(new ResolutionNetOptions { Height = 12, Width = 9, InputChannels = 2, Classes = 5, Rows = [6, 9, 12], Channels = [4, 6], Blocks = [1, 2], PredictorChannels = 3 })),
        ["elastic resnet"] = () => Initialized(ElasticResNet.Create(new ElasticResNetOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Channels = [8, 12], Blocks = [1, 2] })),
        ["spatial transformer"] = () => Initialized(TransformedResNet.Create(new TransformedResNetOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Reduction = 2, LocalizationChannels = 3, Channels = [4, 6], Blocks = [1, 1] })),
        ["thin-plate transformer"] = () => Initialized(TransformedResNet.Create(new TransformedResNetOptions { IsThinPlate = true, Controls = 3, Height = 13, Width = 10, InputChannels = 2, Classes = 5, LocalizationChannels = 3, Channels = [4, 6], Blocks = [1, 1] })),
        ["recurrent attention, convolutions"] = () => Initialized(new RecurrentAttention(new RecurrentAttentionOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, PatchSize = 5, Scales = 2, Glimpses = 3, Hidden = 9, SensorChannels = [4, 6] })),
        ["recurrent attention"] = () => Initialized(new RecurrentAttention(new RecurrentAttentionOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, PatchSize = 3, Scales = 2, Glimpses = 3, Hidden = 9 })),
        ["attention zoom"] = () => Initialized(new AttentionZoom(new AttentionZoomOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Channels = [4, 6], Blocks = [1, 1] })),
        ["patch-gated"] = () => Initialized(PatchGatedNet.Create(new PatchGatedNetOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Tiles = 3, Reduction = 2, ScoutChannels = [4, 5], Channels = [4, 6], Blocks = [1, 1] })),
        ["patch-gated, places kept"] = () => Initialized(PatchGatedNet.Create(new PatchGatedNetOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Tiles = 2, Reduction = 2, ScoutChannels = [4, 5], Channels = [4, 6], Blocks = [1, 1], KeepsPlaces = true })),
        ["token grid"] = () => Initialized(new TokenGrid(new TokenGridOptions { Height = 13, Width = 10, InputChannels = 2, Classes = 5, Grid = 2, Patch = 3, Split = 2, TokenWidth = 8, Heads = 2, Hidden = 10, Layers = 2 })),
        ["token grid, all split"] = () => Initialized(new TokenGrid(new TokenGridOptions { Height = 12, Width = 12, InputChannels = 1, Classes = 3, Grid = 2, Patch = 3, Split = 4, TokenWidth = 6, Heads = 1, Hidden = 7, Layers = 1 })),
        ["soft tree"] = () => Initialized(SoftTree.Create(new SoftTreeOptions { Height = 6, Width = 5, InputChannels = 2, Classes = 4, Depth = 4 })),
        ["neural forest"] = () => Initialized(NeuralForest.Create(new NeuralForestOptions { Height = 8, Width = 8, InputChannels = 1, Classes = 4, Channels = [4, 8], Trees = 3, Depth = 3 })),
        ["hydra net"] = () => Initialized(HydraNet.Create(new HydraNetOptions { Height = 9, Width = 9, InputChannels = 1, Classes = 4, Channels = [4, 6], BranchChannels = 8, Branches = 3, Active = 2, BranchBlocks = 2 })),
        ["supernet"] = () => Initialized(SuperNet.Create(new SuperNetOptions { Height = 9, Width = 9, InputChannels = 1, Classes = 4, Channels = [4, 6, 6], ControllerChannels = 4 })),
        ["supernet of shared weights"] = () => Initialized(SuperNet.Create(new SuperNetOptions { Height = 9, Width = 9, InputChannels = 1, Classes = 4, Channels = [4, 6, 6], ControllerChannels = 4, SharesWeights = true })),
        ["scale routing"] = () => Initialized(ScaleRouting.Create(new ScaleRoutingOptions { Height = 9, Width = 7, InputChannels = 1, Classes = 4, Layers = 3, Channels = [4, 6], StemStride = 1 })),
        ["adaptive tree"] = () => Initialized(AdaptiveTreeNet.Create(new AdaptiveTreeOptions { Height = 9, Width = 9, InputChannels = 1, Classes = 4, Channels = 4, RouterChannels = 3 })),
        ["static lstm"] = () => Initialized(SkipLstm.Create(new SkipLstmOptions { Vocabulary = 19, Length = 9, Classes = 4, Embedding = 5, Units = 9, SmallUnits = 3, Method = RecurrentMethod.Static })),
        ["skip lstm"] = () => Initialized(SkipLstm.Create(new SkipLstmOptions { Vocabulary = 19, Length = 9, Classes = 4, Embedding = 5, Units = 9, SmallUnits = 3 })),
        ["skip gru of features"] = () => Initialized(SkipLstm.Create(new SkipLstmOptions { Vocabulary = 0, Features = 3, Length = 9, Classes = 4, Units = 9, SmallUnits = 3, IsGru = true })),
        ["skim lstm"] = () => Initialized(SkipLstm.Create(new SkipLstmOptions { Vocabulary = 19, Length = 9, Classes = 4, Embedding = 5, Units = 9, SmallUnits = 3, Method = RecurrentMethod.Skim })),
        ["transformer with exits"] = () => Initialized(ExitTransformer.Create(new ExitTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 12, Layers = 3 })),
        ["transformer that drops a share of tokens"] = () => Initialized(TokenDropTransformer.Create(new TokenDropTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 12, Layers = 3, Keep = 0.6f })),
        ["transformer that drops tokens below a threshold"] = () => Initialized(TokenDropTransformer.Create(new TokenDropTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 12, Layers = 3, IsLearned = true, Threshold = 0.98f })),
        ["transformer with learned exits"] = () => Initialized(ExitTransformer.Create(new ExitTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 12, Layers = 3, HasExitGates = true })),
        ["early stop, lstm"] = () => Initialized(EarlyStopNet.Create(new EarlyStopOptions { Vocabulary = 0, Features = 3, Length = 11, Classes = 4, Units = 9, BlockSteps = 3 })),
        ["early stop, learned, two layers"] = () => Initialized(EarlyStopNet.Create(new EarlyStopOptions { Vocabulary = 19, Length = 9, Classes = 4, Embedding = 5, Units = 7, Layers = 2, BlockSteps = 2, Trunk = EarlyStopTrunk.Gru, Rule = EarlyStopRule.Learned })),
        ["early stop, policy, convolutions"] = () => Initialized(EarlyStopNet.Create(new EarlyStopOptions { Vocabulary = 0, Features = 3, Length = 11, Classes = 4, Units = 8, Layers = 3, BlockSteps = 4, Trunk = EarlyStopTrunk.Convolution, Rule = EarlyStopRule.Policy })),
        ["jump lstm"] = () => Initialized(AdaptiveRnn.Create(new AdaptiveRnnOptions { Vocabulary = 19, Length = 13, Classes = 4, Embedding = 5, Units = 9, Reads = 2, LongestJump = 3, Jumps = 3 })),
        ["variable computation"] = () => Initialized(AdaptiveRnn.Create(new AdaptiveRnnOptions { Method = AdaptiveMethod.Variable, Vocabulary = 19, Length = 9, Classes = 4, Embedding = 5, Units = 12, BlockSize = 4 })),
        ["hierarchical rnn"] = () => Initialized(AdaptiveRnn.Create(new AdaptiveRnnOptions { Method = AdaptiveMethod.Hierarchical, Vocabulary = 0, Features = 3, Length = 9, Classes = 4, Units = 6, BlockSize = 1, Layers = 3 })),
        ["pondering rnn"] = () => Initialized(AdaptiveRnn.Create(new AdaptiveRnnOptions { Method = AdaptiveMethod.Ponder, Vocabulary = 19, Length = 9, Classes = 4, Embedding = 5, Units = 9, BlockSize = 1, Updates = 5, Start = -0.6f })),
        ["universal transformer"] = () => Initialized(UniversalTransformer.Create(new UniversalTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 12, Layers = 5, Start = -0.7f })),
        ["mixture transformer"] = () => Initialized(MixtureTransformer.Create(new MixtureTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 6, Layers = 2, Experts = 3, Chosen = 2 })),
        ["switch transformer"] = () => Initialized(MixtureTransformer.Create(new MixtureTransformerOptions { Vocabulary = 19, Length = 9, Classes = 4, Width = 8, Heads = 2, Hidden = 6, Layers = 2, Experts = 3, IsSwitch = true })),
        ["frame pool"] = () => Initialized(FramePool.Create(Video(new FramePoolOptions()))),
        ["frame pool that reuses"] = () => Initialized(FramePool.Create(Video(new FramePoolOptions { Reuses = true, Threshold = 1.1f }))),
        ["frame exit"] = () => Initialized(new FrameExit(Video(new FrameExitOptions { GateHidden = 6 }))),
        ["ada-frame"] = () => Initialized(new AdaFrame(Video(new AdaFrameOptions { Looks = 3, Reduction = 2, MemoryChannels = [3], Hidden = 7 }))),
        ["key frames"] = () => Initialized(new KeyFrameNet(Video(new KeyFrameNetOptions { Looks = 2, GlanceChannels = [3] }))),
        ["ar-net"] = () => Initialized(ArNet.Create(Video(new ArNetOptions { PolicyChannels = [3], PolicyHidden = 5, Skips = [1, 2], Openness = 0, Reduction = 2 }))),
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

    private static T Video<T>(T options)
        where T : VideoModelOptions => (T)(options with { Frames = 5, Height = 9, Width = 8, InputChannels = 2, Classes = 4, Channels = [4, 6] });

    private static LocalResNetOptions Local(LocalOperation operation) => new()
    {
        Height = 12,
        Width = 10,
        InputChannels = 2,
        Classes = 5,
        Channels = [4, 8],
        Blocks = [1, 1],
        Operation = operation,
        FirstGroup = 1,
    };

    private static AttentiveResNetOptions Attentive(string attention, string activation) => new()
    {
        Height = 10,
        Width = 9,
        InputChannels = 2,
        Classes = 4,
        Channels = [6, 9],
        Blocks = [1, 1],
        Attention = attention,
        Activation = activation,
        Reduction = 2,
    };

    // Gates near one half decide by the sample.
    private static StagedNetwork Gated(SkippingMethod method) => Initialized(GatedResNet.Create(new GatedResNetOptions
    {
        Backbone = new ResNetOptions { Height = 12, Width = 10, InputChannels = 2, Classes = 5, Channels = [4, 8], Blocks = [2, 3] },
        Method = method,
        Openness = 0.02f,
        HaltingStart = 0.1f,
    }));

    private static DynamicConvResNetOptions Kernels(DynamicConvKind kind) => new()
    {
        Kind = kind,
        Height = 8,
        Width = 9,
        InputChannels = 1,
        Classes = 3,
        Channels = [4, 8],
        Blocks = [1, 1],
    };

    /// <summary>Random weights, and running statistics and shifts away from their neutral values.</summary>
    private static StagedNetwork Initialized(StagedNetwork network)
    {
        RandomSource random = new(11);
        network.Initialize(random);
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            if (name.Contains("norm", StringComparison.Ordinal))
            {
                Span<float> values = parameter.Value.Span;
                RandomStream stream = random.Stream(name);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] += 0.3f * stream.Uniform(0, 0, i);
                }
            }
        }

        return network;
    }

    /// <summary>Networks that answer for each pixel; their laws stand in DenseSessionTests.</summary>
    public static StagedNetwork[] OfPixels() =>
    [
        Initialized(new RefinementNet(new RefinementNetOptions { Height = 16, Width = 12, Channels = [6, 8, 10], Blocks = 1, Outputs = 3 })),
    ];

    public static bool Covers(ModelArchitecture architecture)
    {
        foreach (StagedNetwork network in OfPixels())
        {
            if (architecture.Describes(network))
            {
                return true;
            }
        }

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
