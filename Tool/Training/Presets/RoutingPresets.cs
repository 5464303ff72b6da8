using System.Collections.Generic;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose a path: branches, trees, supernets.</summary>
internal static class RoutingPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
    ];
}
