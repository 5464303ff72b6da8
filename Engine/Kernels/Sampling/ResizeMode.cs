namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>How values between pixels are found.</summary>
public enum ResizeMode
{
    /// <summary>The pixel at ⌊output index · input extent / output extent⌋.</summary>
    Nearest,

    /// <summary>Linear in both directions, from 2 × 2 pixels.</summary>
    Bilinear,

    /// <summary>Keys' cubic convolution with a = −0.75 in both directions, from 4 × 4 pixels.</summary>
    Bicubic,
}
