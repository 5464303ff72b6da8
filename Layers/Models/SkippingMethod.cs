namespace ManagedDyn.Layers.Models;

/// <summary>How a residual network decides which blocks run.</summary>
public enum SkippingMethod
{
    /// <summary>A convolutional gate before each block (SkipNet).</summary>
    FeedForward,

    /// <summary>One recurrent gate shared by all blocks (SkipNet).</summary>
    Recurrent,

    /// <summary>A gate on pooled features before each block (ConvNet-AIG).</summary>
    Pooled,

    /// <summary>A network that sees the image once and decides about all blocks (BlockDrop).</summary>
    Policy,

    /// <summary>A halting score after each block, in each group (adaptive computation time).</summary>
    Halting,
}
