namespace ManagedDyn.Tool.Benchmarks;

/// <summary>A kernel at one shape: its multiply–accumulates (0: it has none) and its time, in milliseconds.</summary>
public sealed record KernelTiming(string Name, long Macs, double Milliseconds);
