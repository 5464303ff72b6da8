namespace ManagedDyn.Layers.Models;

/// <summary>What stands in the place of the 3×3 convolutions of a <see cref="PixelResNet"/>.</summary>
public enum PixelOperation
{
    /// <summary>A cheap convolution says where the expensive one is 0 (Dong et al., CVPR 2017).</summary>
    LowCost,

    /// <summary>Sums at sampled pixels, interpolated at the others (Xie et al., ECCV 2020).</summary>
    Interpolated,

    /// <summary>Each pixel mixes its neighbourhood and the whole image as it needs (Wang et al., CVPR 2019).</summary>
    AdaptivelyConnected,
}
