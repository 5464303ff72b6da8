using System.Collections.Generic;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicRouting that the laws are tested on.</summary>
internal static class DynamicRoutingCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
    ];
}
