using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions;

/// <summary>
/// What a rule decided for each row of a batch: the hard choice, and while training the scores through which gradients reach the rule.
/// </summary>
/// <param name="Selected">
/// The hard choice. Which universe it is of depends on the layer that asks: samples (one row), pixels, channels, experts or tokens (a row a
/// sample).
/// </param>
/// <param name="Scores">
/// The weight g of the selected part in its relaxed form, differentiable: one for each index of the universe, [N] for samples, [N, …] else. Its
/// values are soft, or hard with a straight-through gradient, as the rule's relaxation has it. When decisions are hard: how sure the rule is, for
/// explanation, or none.
/// </param>
/// <param name="LogProbabilities">log π(a) of the action that was drawn, [N], differentiable: for rules trained by policy gradient; else none.</param>
/// <param name="Granularity">Rows and columns of the blocks of pixels that are selected whole, from the map's first pixel on; 1 where pixels are selected one by one.</param>
public readonly record struct Decision(Selection Selected, Tensor Scores, Tensor LogProbabilities = default, int Granularity = 1);
