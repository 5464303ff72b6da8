namespace ManagedDyn.Layers.Models;

/// <summary>How a <see cref="ChannelNet"/> chooses its channels.</summary>
public enum ChannelMethod
{
    /// <summary>All channels, always.</summary>
    Static,

    /// <summary>Feature boosting and suppression: the most salient groups of each layer (Gao et al., ICLR 2019).</summary>
    Boosted,

    /// <summary>Channel gating: most input channels only where the first ones promise something (Hua et al., NeurIPS 2019).</summary>
    Gated,

    /// <summary>Runtime neural pruning: an agent says how many nested groups of each layer (Lin et al., NeurIPS 2017).</summary>
    Pruned,

    /// <summary>GaterNet: a second network opens and closes the filters of all layers (Chen et al., CVPR 2019).</summary>
    Gater,

    /// <summary>DS-Net: a gate chooses the width of the rest of the network (Li et al., CVPR 2021).</summary>
    Slimmable,
}
