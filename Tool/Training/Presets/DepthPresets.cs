using System.Collections.Generic;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that skip layers.</summary>
internal static class DepthPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
    ];
}
