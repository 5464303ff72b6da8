namespace ManagedDyn.Layers.Models;

/// <summary>How a <see cref="MixtureNet"/> chooses experts.</summary>
public enum ExpertGating
{
    /// <summary>There is one expert, as wide as all of them: the static network.</summary>
    Static,

    /// <summary>All experts, weighed (Jacobs et al., 1991).</summary>
    Soft,

    /// <summary>The k best, with noise while training (Shazeer et al., ICLR 2017).</summary>
    TopK,

    /// <summary>The best one (Fedus et al., 2022).</summary>
    Switch,

    /// <summary>Two levels: the k best of groups, and of each the k best experts (Shazeer et al., ICLR 2017, appendix B).</summary>
    Hierarchical,
}
