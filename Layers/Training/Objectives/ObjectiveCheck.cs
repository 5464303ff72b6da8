using System;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>Checks the numbers of objectives.</summary>
internal static class ObjectiveCheck
{
    public static void Weight(float weight, string name)
    {
        if (!(weight >= 0 && float.IsFinite(weight)))
        {
            throw new ArgumentOutOfRangeException(name, weight, "Expected a weight of 0 or more.");
        }
    }

    public static void Temperature(float temperature, string name)
    {
        if (!(temperature > 0 && float.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(name, temperature, "Expected a temperature above 0.");
        }
    }

    public static void Share(float share, string name)
    {
        if (!(share is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(name, share, "Expected a share from 0 to 1.");
        }
    }
}
