using System;
using System.Collections.Generic;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>All layers that the laws are tested on; each room lists its own.</summary>
internal static class LayerCases
{
    private static readonly Dictionary<string, LayerCase> ByName = Collect(
        StaticCases.All,
        DynamicFeaturesCases.All,
        DynamicParametersCases.All,
        LocalParametersCases.All,
        DynamicDepthCases.All,
        DynamicWidthCases.All,
        DynamicRoutingCases.All,
        SpatialWiseCases.All,
        TemporalWiseCases.All,
        VideoCases.All);

    public static IEnumerable<LayerCase> All => ByName.Values;

    public static LayerCase Find(string name) => ByName[name];

    private static Dictionary<string, LayerCase> Collect(params ReadOnlySpan<IReadOnlyList<LayerCase>> rooms)
    {
        Dictionary<string, LayerCase> byName = new(StringComparer.Ordinal);
        foreach (IReadOnlyList<LayerCase> room in rooms)
        {
            foreach (LayerCase one in room)
            {
                byName.Add(one.Name, one);
            }
        }

        return byName;
    }
}
