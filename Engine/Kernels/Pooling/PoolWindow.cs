namespace ManagedDyn.Engine.Kernels.Pooling;

/// <summary>The positions of the input that one position of a pooling's output takes, along one axis.</summary>
/// <param name="First">The first within the input.</param>
/// <param name="Count">How many lie within the input.</param>
/// <param name="Step">The distance between them.</param>
/// <param name="Extent">How many there are with those in the padding, for windows without dilation.</param>
public readonly record struct PoolWindow(int First, int Count, int Step, int Extent);
