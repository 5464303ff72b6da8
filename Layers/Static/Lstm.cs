namespace ManagedDyn.Layers.Static;

/// <summary>Long short-term memory (Hochreiter and Schmidhuber, 1997): gates i, f, g, o; c′ = σ(f)·c + σ(i)·tanh(g), h′ = σ(o)·tanh(c′).</summary>
/// <param name="inFeatures">Features of each step.</param>
/// <param name="units">H, units of each direction.</param>
/// <param name="layers">Layers one above the other.</param>
/// <param name="isBidirectional">Whether a second pass begins at the end.</param>
/// <param name="bias">Whether there are biases.</param>
public sealed class Lstm(int inFeatures, int units, int layers = 1, bool isBidirectional = false, bool bias = true)
    : RecurrentLayer(RecurrentKind.Lstm, inFeatures, units, layers, isBidirectional, bias);
