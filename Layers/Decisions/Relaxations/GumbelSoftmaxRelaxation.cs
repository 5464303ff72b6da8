using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>w = softmax((l + g)/T) with Gumbel noise g, hard forward and soft backward unless asked otherwise (Jang et al., ICLR 2017).</summary>
/// <param name="temperature">T, above 0; none: 1.</param>
/// <param name="isHard">Whether the weights are 0 or 1, with the soft gradient.</param>
/// <param name="noiseUntil">The share of training after which there is no more noise.</param>
public sealed class GumbelSoftmaxRelaxation(Annealing? temperature = null, bool isHard = true, float noiseUntil = 1) : ChoiceRelaxation
{
    private readonly Annealing _temperature = TemperatureCheck.Positive(temperature ?? Annealing.Constant(1));

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"gumbel softmax(T={_temperature}, {(isHard ? "hard" : "soft")}, noise until {noiseUntil:R})");

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor offsets = context.Progress < noiseUntil ? context.RentGumbel(logits.Shape, noise) : context.Workspace.RentZeros(logits.Shape);
        Tensor soft = context.GumbelSoftmax(logits, offsets, _temperature.At(context.Progress));
        return new RelaxedChoice(isHard ? context.StraightThroughArgMax(soft) : soft);
    }
}
