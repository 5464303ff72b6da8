using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>What a relaxation made of logits.</summary>
/// <param name="Scores">The weights of the choice, of the logits' shape.</param>
/// <param name="LogProbabilities">
/// log π(a) of the action that was drawn, differentiable: one for each decision, none unless the relaxation is one for policy gradients.
/// </param>
public readonly record struct RelaxedChoice(Tensor Scores, Tensor LogProbabilities = default);
