using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Tells at an exit how sure it is that the answer may be final, σ(w·f + b) of the features that the answer is made from: a classifier of answers (Xin et al.,
/// "BERxiT", EACL 2021, section 3.3; Ghodrati et al., "FrameExit", CVPR 2021, section 3.2), or a policy that draws whether to stop (Hartvigsen et al., KDD 2019).
/// </summary>
/// <remarks>
/// No gradient goes from the gate into the features. While decisions are relaxed the certainty, or for a policy the action (1: stop) and its log-probability,
/// stands in the ledger as a decision of kind <see cref="DecisionKind.Exits"/>, for <c>LearnedExits</c> and <c>StopPolicyGradient</c>.
/// </remarks>
public sealed class ExitGate : Module
{
    private readonly Linear _gate;
    private readonly BernoulliActionRelaxation? _policy;
    private readonly float _start;

    /// <summary>Makes a gate.</summary>
    /// <param name="features">Elements of f.</param>
    /// <param name="isPolicy">Whether it is trained as a policy.</param>
    /// <param name="start">b when training begins.</param>
    public ExitGate(int features, bool isPolicy = false, float start = 0)
    {
        _gate = Add("gate", new Linear(features, 1));
        _policy = isPolicy ? new BernoulliActionRelaxation(0.95f, 0.9f) : null;
        _start = start;
    }

    /// <summary>MACs for one sample.</summary>
    public long Macs => _gate.Weight.Shape[1];

    /// <summary>How sure the gate is, [rows]; nothing is told or recorded in the ledger.</summary>
    /// <param name="context">The context.</param>
    /// <param name="features">f, [rows, features].</param>
    public Tensor Decide(Context context, Tensor features)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(context.Sigmoid(_gate.Forward(context, features).Reshape(new Shape(features.Shape[0]))));
    }

    /// <summary>Tells the state how sure the gate is.</summary>
    /// <param name="context">The context.</param>
    /// <param name="state">The state of the stage that runs.</param>
    /// <param name="features">f, [rows, features].</param>
    /// <param name="macs">MACs of the stages behind, which leaving saves.</param>
    /// <returns>The certainty, [rows], rented in the scope that was open when this was called.</returns>
    public Tensor Tell(Context context, StageState state, Tensor features, long macs)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor seen = context.Records(features) ? context.ScaleGradient(features, 0) : features;
        Tensor logits = _gate.Forward(context, seen).Reshape(new Shape(features.Shape[0]));
        Tensor certainty = context.Sigmoid(logits);
        if (context.Decisions == Engine.Execution.Decisions.Relaxed && context.Ledger is not null)
        {
            Decision drawn = _policy is null ? new Decision(default, certainty) : context.DecideSamples(logits, _policy, this, state.Stage);
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Exits,
                Rows = logits.Count,
                Scores = drawn.Scores,
                LogProbabilities = drawn.LogProbabilities,
                UnitMacs = macs,
            });
        }

        certainty = scope.Keep(certainty);
        state.Tell(certainty);
        return certainty;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _gate.Bias!.Value.Span.Fill(_start);
}
