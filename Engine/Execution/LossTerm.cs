using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Execution;

/// <summary>A part of the loss that a layer asks for while it is trained, such as a ponder cost or a balance of experts.</summary>
/// <param name="Name">What it is, such as "ponder": objectives weigh terms by their name.</param>
/// <param name="Layer">The number of the module that asks.</param>
/// <param name="Value">Its value, [1], differentiable.</param>
public readonly record struct LossTerm(string Name, int Layer, Tensor Value);
