using System.Collections.Generic;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks whose weights depend on the input.</summary>
internal static class ParameterPresets
{
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
    ];
}
