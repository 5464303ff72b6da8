using System.Collections.Generic;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>The layers of Layers/InstanceWise/DynamicParameters that the laws are tested on.</summary>
internal static class DynamicParametersCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        .. KernelCases.All,
    ];
}
