using System.Collections.Generic;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Networks that weigh their features by the input.</summary>
internal static class FeaturePresets
{
    /// <summary>The attentions that --attention takes.</summary>
    public static string[] Attentions => ["none", "se"];

    /// <summary>The activations that --activation takes.</summary>
    public static string[] Activations => ["relu"];

    public static IReadOnlyList<ModelPreset> All { get; } =
    [
    ];
}
