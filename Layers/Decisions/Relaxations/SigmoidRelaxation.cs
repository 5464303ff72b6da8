using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// g = σ(l/T) without noise: soft, or hard forward (g = 1 where σ &gt; ½) with the soft gradient, as the first stage of SkipNet trains its gates (Wang et
/// al., ECCV 2018, section 3.3).
/// </summary>
/// <param name="isHard">Whether the weights are 0 or 1.</param>
/// <param name="temperature">T, above 0; none: 1.</param>
public sealed class SigmoidRelaxation(bool isHard = true, Annealing? temperature = null) : BinaryRelaxation
{
    private readonly Annealing _temperature = TemperatureCheck.Positive(temperature ?? Annealing.Constant(1));

    /// <inheritdoc/>
    public override string Description => $"{(isHard ? "straight-through" : "soft")}(T={_temperature})";

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        float temperature = _temperature.At(context.Progress);
        Tensor soft = context.Sigmoid(temperature == 1 ? logits : context.Scale(logits, 1 / temperature));
        return new RelaxedChoice(isHard ? context.StraightThrough(soft) : soft);
    }
}
