namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>What shares the lines of a <see cref="DynamicRelu"/> (Chen et al., "Dynamic ReLU", ECCV 2020, section 3.3).</summary>
public enum DynamicReluForm
{
    /// <summary>All pixels and channels of a sample: DY-ReLU-A.</summary>
    Shared,

    /// <summary>All pixels of a channel: DY-ReLU-B.</summary>
    Channelwise,

    /// <summary>As <see cref="Channelwise"/>, and each pixel has a weight between 0 and 1: DY-ReLU-C.</summary>
    SpatialAndChannelwise,
}
