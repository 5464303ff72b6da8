using System.Collections.Generic;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicWidth that the laws are tested on.</summary>
internal static class DynamicWidthCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
    ];
}
