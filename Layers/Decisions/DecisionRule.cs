using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions;

/// <summary>
/// Decides from features what to compute: a gating function, a policy network, or any other rule a dynamic layer is given. A rule with
/// trained parts owns them.
/// </summary>
public abstract class DecisionRule : Module
{
    /// <summary>Decides for each row of a batch.</summary>
    /// <param name="context">Its <see cref="Context.Decisions"/> says whether scores are asked for.</param>
    /// <param name="features">What the rule looks at, [N, …].</param>
    public abstract Decision Decide(Context context, Tensor features);

    /// <summary>The rule's own cost in MACs for a shape of the features, batch included.</summary>
    /// <param name="features">The features' shape.</param>
    public abstract long CountMacs(Shape features);
}
