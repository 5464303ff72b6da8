using System.Collections.Generic;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that choose their width: neurons, channels, experts.</summary>
internal static class WidthPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
    ];
}
