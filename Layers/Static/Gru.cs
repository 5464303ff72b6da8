namespace ManagedDyn.Layers.Static;

/// <summary>Gated recurrent units (Cho et al., EMNLP 2014), in PyTorch's form: gates r, z, n, the reset gate behind the hidden product.</summary>
/// <param name="inFeatures">Features of each step.</param>
/// <param name="units">H, units of each direction.</param>
/// <param name="layers">Layers one above the other.</param>
/// <param name="isBidirectional">Whether a second pass begins at the end.</param>
/// <param name="bias">Whether there are biases.</param>
public sealed class Gru(int inFeatures, int units, int layers = 1, bool isBidirectional = false, bool bias = true)
    : RecurrentLayer(RecurrentKind.Gru, inFeatures, units, layers, isBidirectional, bias);
