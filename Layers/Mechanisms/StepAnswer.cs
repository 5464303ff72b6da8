using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>What a network says after a piece of its input.</summary>
/// <param name="Logits">[1, classes], rented in the scope that is open.</param>
/// <param name="IsRead">Whether the piece was looked at.</param>
/// <param name="Certainty">From 0 to 1, how sure a gate of the network is that enough was seen; NaN: it has none.</param>
public readonly record struct StepAnswer(Tensor Logits, bool IsRead, float Certainty = float.NaN);
