using System;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>Checks that temperatures stay above 0.</summary>
internal static class TemperatureCheck
{
    public static Annealing Positive(Annealing temperature) => temperature is { From: > 0, To: > 0 }
        ? temperature
        : throw new ArgumentOutOfRangeException(nameof(temperature), temperature, $"The temperature was {temperature}; expected one above 0.");
}
