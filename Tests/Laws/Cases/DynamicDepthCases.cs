using System.Collections.Generic;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicDepth that the laws are tested on.</summary>
internal static class DynamicDepthCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
    ];
}
