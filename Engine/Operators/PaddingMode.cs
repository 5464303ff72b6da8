namespace ManagedDyn.Engine.Operators;

/// <summary>What the border that <see cref="Pad2dOperator.Pad2d"/> adds to a map holds.</summary>
public enum PaddingMode
{
    /// <summary>Zeros. A convolution pads with zeros itself, at no cost.</summary>
    Zeros,

    /// <summary>The map mirrored at its outermost pixel, which is not repeated: d c b | a b c d | c b a.</summary>
    Reflect,

    /// <summary>The outermost pixel repeated: a a a | a b c d | d d d.</summary>
    Replicate,
}
