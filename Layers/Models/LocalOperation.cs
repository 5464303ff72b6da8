namespace ManagedDyn.Layers.Models;

/// <summary>What stands in the place of a block's second convolution in a <see cref="LocalResNet"/>.</summary>
public enum LocalOperation
{
    /// <summary>Deformable convolution (Dai et al., ICCV 2017).</summary>
    Deformable,

    /// <summary>Deformable convolution with modulation (Zhu et al., CVPR 2019).</summary>
    ModulatedDeformable,

    /// <summary>A depthwise kernel deformed at each pixel, then a 1 × 1 convolution (Gao et al., ICLR 2020).</summary>
    DeformableKernel,

    /// <summary>A depthwise kernel deformed for each sample, then a 1 × 1 convolution (Gao et al., ICLR 2020).</summary>
    GlobalDeformableKernel,

    /// <summary>Involution, then a 1 × 1 convolution (Li et al., CVPR 2021).</summary>
    Involution,

    /// <summary>Pixel-adaptive convolution guided by the features (Su et al., CVPR 2019).</summary>
    PixelAdaptive,

    /// <summary>Region-aware convolution (Chen et al., CVPR 2021).</summary>
    RegionAware,

    /// <summary>Dynamic local filtering: a filter for each pixel, predicted from its features (De Brabandere et al., NIPS 2016).</summary>
    LocalFilter,
}
