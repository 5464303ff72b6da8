using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>w = softmax(l/T) without noise: soft, or 1 at the largest and 0 elsewhere with the soft gradient.</summary>
/// <param name="isHard">Whether the weights are 0 or 1.</param>
/// <param name="temperature">T, above 0; none: 1.</param>
public sealed class SoftmaxRelaxation(bool isHard = false, Annealing? temperature = null) : ChoiceRelaxation
{
    private readonly Annealing _temperature = TemperatureCheck.Positive(temperature ?? Annealing.Constant(1));

    /// <inheritdoc/>
    public override string Description => $"{(isHard ? "straight-through softmax" : "softmax")}(T={_temperature})";

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor soft = context.Softmax(logits, _temperature.At(context.Progress));
        return new RelaxedChoice(isHard ? context.StraightThroughArgMax(soft) : soft);
    }
}
