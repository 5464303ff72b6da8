namespace ManagedDyn.Engine.Kernels.Convolution.Winograd;

/// <summary>
/// The one-dimensional transforms of a minimal filtering algorithm F(m, 3) with m + 2 points (Lavin and Gray, "Fast Algorithms for Convolutional
/// Neural Networks", CVPR 2016, section 4): y = Aᵀ[(G g) ⊙ (Bᵀ d)]. In two dimensions each runs along columns and then along rows. Every method reads
/// and writes whole vectors, one value of as many channels each, a step apart; none reads what it has written.
/// </summary>
internal interface IWinogradTransform
{
    /// <summary>m: output pixels of a tile along one axis.</summary>
    static abstract int Outputs { get; }

    /// <summary>m + 2: points along one axis, and input pixels of a tile.</summary>
    static abstract int Points { get; }

    /// <summary>Bᵀ d: from <see cref="Points"/> input pixels to as many points.</summary>
    static abstract void Input(ref float from, nint fromStep, ref float to, nint toStep);

    /// <summary>G g: from three taps to <see cref="Points"/> points.</summary>
    static abstract void Weight(ref float from, nint fromStep, ref float to, nint toStep);

    /// <summary>Aᵀ p: from <see cref="Points"/> products to <see cref="Outputs"/> output pixels.</summary>
    static abstract void Output(ref float from, nint fromStep, ref float to, nint toStep);
}
