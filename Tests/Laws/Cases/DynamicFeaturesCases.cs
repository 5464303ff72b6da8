using System.Collections.Generic;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicFeatures that the laws are tested on.</summary>
internal static class DynamicFeaturesCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
    ];
}
