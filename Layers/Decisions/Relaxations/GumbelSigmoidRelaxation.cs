using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// g = σ((l + n)/T) with logistic noise n, the difference of two Gumbel variables: the choice of two by Gumbel-softmax (Jang et al., ICLR 2017), hard
/// forward and soft backward unless asked otherwise, as ConvNet-AIG (Veit and Belongie, ECCV 2018, section 3.2) and dynamic convolutions (Verelst and
/// Tuytelaars, CVPR 2020) use it.
/// </summary>
/// <param name="temperature">T, above 0; none: 1.</param>
/// <param name="isHard">Whether the weights are 0 or 1, with the soft gradient.</param>
/// <param name="noiseUntil">The share of training after which there is no more noise.</param>
public sealed class GumbelSigmoidRelaxation(Annealing? temperature = null, bool isHard = true, float noiseUntil = 1) : BinaryRelaxation
{
    private readonly Annealing _temperature = TemperatureCheck.Positive(temperature ?? Annealing.Constant(1));

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"gumbel(T={_temperature}, {(isHard ? "hard" : "soft")}, noise until {noiseUntil:R})");

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        Tensor offsets = context.Progress < noiseUntil ? context.RentLogistic(logits.Shape, noise) : context.Workspace.RentZeros(logits.Shape);
        Tensor soft = context.GumbelSigmoid(logits, offsets, _temperature.At(context.Progress));
        return new RelaxedChoice(isHard ? context.StraightThrough(soft) : soft);
    }
}
