namespace ManagedDyn.Tool.Benchmarks;

/// <summary>A layer: the MACs that one input takes in it, and its time for one input, in milliseconds.</summary>
public sealed record LayerTiming(string Name, string Kind, long Macs, double Milliseconds);
