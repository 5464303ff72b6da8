using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Optimizing;

/// <summary>Checks the spans of an update, which runs in whole vectors over padded storage.</summary>
internal static class VectorCheck
{
    public static void Lengths(int values, int gradients, int first, int? second = null)
    {
        if (values % Vector<float>.Count != 0)
        {
            throw new ArgumentException($"{values} values are updated; expected a multiple of {Vector<float>.Count}.");
        }

        if (gradients != values || first != values || (second ?? values) != values)
        {
            throw new ArgumentException($"There are {values} values, {gradients} gradients and {first} and {second ?? first} of state; expected the same number.");
        }
    }
}
