using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// Makes the choice of one of several trainable. A rule gives a logit for each; at inference the largest is chosen whatever the relaxation, and while
/// training the relaxation says which weights stand for the choice and how gradients come back.
/// </summary>
public abstract class ChoiceRelaxation
{
    /// <summary>The relaxation with its settings.</summary>
    public abstract string Description { get; }

    /// <summary>The weights that stand for the choice; along the last dimension they sum to 1.</summary>
    /// <param name="context">Its step, samples and progress say which noise and temperature.</param>
    /// <param name="logits">[N, …, k].</param>
    /// <param name="noise">The stream of this decision.</param>
    public abstract RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise);
}
