using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// Makes decisions between yes and no trainable. A rule gives a logit l for each; at inference the decision is σ(l) &gt; ½ whatever the relaxation, and
/// while training the relaxation says which weights stand for it and how gradients come back.
/// </summary>
public abstract class BinaryRelaxation
{
    /// <summary>The relaxation with its settings.</summary>
    public abstract string Description { get; }

    /// <summary>The weights that stand for the decisions.</summary>
    /// <param name="context">Its step, samples and progress say which noise and temperature.</param>
    /// <param name="logits">l, [N, …].</param>
    /// <param name="noise">The stream of this decision.</param>
    public abstract RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise);
}
