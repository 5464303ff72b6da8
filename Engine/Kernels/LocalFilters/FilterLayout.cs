namespace ManagedDyn.Engine.Kernels.LocalFilters;

/// <summary>The order of a pixel's filter values in memory.</summary>
public enum FilterLayout
{
    /// <summary>[group][tap], as networks that predict filters yield them.</summary>
    GroupsFirst,

    /// <summary>[tap][group]: with one group a channel a tap is a vector of channels, which is what the kernels like best.</summary>
    TapsFirst,
}
