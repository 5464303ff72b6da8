namespace ManagedDyn.Tool.Reporting;

/// <summary>The share of a dynamic layer that inputs use on average.</summary>
public sealed record LayerUse(string Layer, string Kind, int Units, double Share, long DenseMacs);
