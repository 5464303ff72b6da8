namespace ManagedDyn.Layers.Static;

/// <summary>Plain recurrent layers (Elman, "Finding structure in time", 1990): h′ = f(W_ih·x + b_ih + W_hh·h + b_hh) with f = tanh or ReLU.</summary>
/// <param name="inFeatures">Features of each step.</param>
/// <param name="units">H, units of each direction.</param>
/// <param name="layers">Layers one above the other.</param>
/// <param name="isBidirectional">Whether a second pass begins at the end.</param>
/// <param name="bias">Whether there are biases.</param>
/// <param name="isRelu">Whether f is ReLU rather than tanh.</param>
public sealed class Rnn(int inFeatures, int units, int layers = 1, bool isBidirectional = false, bool bias = true, bool isRelu = false)
    : RecurrentLayer(isRelu ? RecurrentKind.Relu : RecurrentKind.Tanh, inFeatures, units, layers, isBidirectional, bias);
