using System.Collections.Generic;

namespace ManagedDyn.Tool.Benchmarks;

/// <summary>
/// How long one input takes in batches of a size, in milliseconds: the network up to each exit, measured without looking into it, and each layer,
/// measured in runs of its own, as the clock between layers takes time too.
/// </summary>
public sealed record BatchTiming(int Batch, IReadOnlyList<double> ExitMilliseconds, IReadOnlyList<LayerTiming> Layers)
{
    public double Milliseconds => ExitMilliseconds[^1];
}
