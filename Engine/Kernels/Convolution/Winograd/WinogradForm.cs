namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>The minimal filtering algorithms there are: how many output pixels of a 3 × 3 convolution one tile yields.</summary>
public enum WinogradForm
{
    /// <summary>F(2 × 2, 3 × 3): 16 multiplications for 4 pixels where the direct sum takes 36. Its transforms only add.</summary>
    F2,

    /// <summary>F(4 × 4, 3 × 3): 36 multiplications for 16 pixels where the direct sum takes 144.</summary>
    F4,
}
