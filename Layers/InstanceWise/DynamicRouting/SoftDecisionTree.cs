using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// A soft decision tree (Frosst and Hinton, "Distilling a neural network into a soft decision tree", 2017, section 2): inner node i sends x right with
/// probability p_i = σ(β(w_i·x + b_i)), each leaf l holds one distribution Q_l = softmax(φ_l) over the classes, and P_l is the product of the decisions on
/// the way to it. Relaxed, y = log Σ_l P_l Q_l; hard, y = log Q of the leaf of the greatest P, for which only the decisions on its way are computed.
/// </summary>
/// <remarks>
/// <para>While training the term "balance" is asked for, −Σ_i 2^−d(i) (½ log α_i + ½ log(1 − α_i)) with α_i = Σ_x P_i(x) p_i(x) / Σ_x P_i(x) and d the depth from 0
/// (section 4.1): it keeps nodes from sending everything to one side.</para>
/// <para>Deviations: the loss on y is the cross-entropy of the mixture, where the paper adds up the leaves' own cross-entropies by P; α is taken over the batch,
/// not over a moving window; β may grow while training, so that the tree that is trained ends near the one path that is taken at inference.</para>
/// </remarks>
public sealed class SoftDecisionTree : Layer
{
    // Keeps logarithms finite where a class has no mass in float.
    private const float LeastProbability = 1e-30f;
    private const float LeastShare = 1e-6f;

    private readonly int _features;
    private readonly int _classes;
    private readonly int _depth;
    private readonly float _beta;
    private readonly float _firstBeta;

    /// <summary>Makes a tree.</summary>
    /// <param name="features">Features of a sample, all its extents multiplied.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="depth">Levels of decisions, 1 to 12.</param>
    /// <param name="beta">β at inference, above 0.</param>
    /// <param name="firstBeta">β when training begins, from where it goes to β evenly; 0: β from the beginning.</param>
    public SoftDecisionTree(int features, int classes, int depth, float beta = 1, float firstBeta = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, 12);
        if (!(beta > 0 && float.IsFinite(beta)) || !(firstBeta >= 0 && float.IsFinite(firstBeta)))
        {
            throw new ArgumentOutOfRangeException(nameof(beta), beta, $"β goes from {firstBeta} to {beta}; expected numbers above 0.");
        }

        _features = features;
        _classes = classes;
        _depth = depth;
        _beta = beta;
        _firstBeta = firstBeta == 0 ? beta : firstBeta;
        Weight = AddParameter("weight", new Shape(NodeCount, features));
        Bias = AddParameter("bias", new Shape(NodeCount), decays: false);
        LeafLogits = AddParameter("leaf_logits", new Shape(NodeCount + 1, classes), decays: false);
    }

    /// <summary>w, [2^depth − 1, features], nodes breadth first.</summary>
    public Parameter Weight { get; }

    /// <summary>b, [2^depth − 1].</summary>
    public Parameter Bias { get; }

    /// <summary>φ, [2^depth, classes], leaves left to right.</summary>
    public Parameter LeafLogits { get; }

    private int NodeCount => (1 << _depth) - 1;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank < 2 || input.ProductFrom(1) != _features)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, …] with {_features} features a sample.", nameof(input));
        }

        return new Shape(input[0], _classes);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (long)OutputShape(input)[0] * (((long)NodeCount * _features) + ((long)(NodeCount + 1) * _classes));

    /// <summary>P of each leaf: the probabilities with which samples come to them.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, …]; images in the order [C, H, W].</param>
    /// <returns>[N, 2^depth].</returns>
    public Tensor PathProbabilities(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        return context.Slice(Reach(context, context.Flatten(input), out _), 1, NodeCount, NodeCount + 1);
    }

    /// <summary>Σ_l P_l Q_l while relaxed, Q of the most likely leaf when hard.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, features].</param>
    /// <returns>[N, classes].</returns>
    internal Tensor Probabilities(Context context, Tensor input)
    {
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            return context.Softmax(Leaf(context, input));
        }

        Tensor reach = Reach(context, input, out Tensor right);
        Tensor paths = context.Slice(reach, 1, NodeCount, NodeCount + 1);
        if (context.Ledger is not null)
        {
            AddBalance(context, reach, right);
            context.Record(NewRecord(default, paths));
        }

        return context.Linear(paths, context.Transpose(context.Softmax(LeafLogits.Value)));
    }

    /// <summary>log p, with p as logits of a distribution.</summary>
    internal static Tensor LogOf(Context context, Tensor probabilities) =>
        context.Log(context.Clamp(probabilities, LeastProbability, float.MaxValue));

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.UniformFanIn(Weight, random, _features);
        Initializers.UniformFanIn(Bias, random, _features, stream: 1);
        Initializers.Normal(LeafLogits, random, 0.5f, stream: 2);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor features = context.Flatten(input);
        return scope.Keep(context.Decisions == Engine.Execution.Decisions.Hard
            ? context.LogSoftmax(Leaf(context, features))
            : LogOf(context, Probabilities(context, features)));
    }

    private float Beta(Context context) => context.Mode == Mode.Train ? _firstBeta + ((_beta - _firstBeta) * (float)context.Progress) : _beta;

    // φ of the most likely leaf of each sample.
    private Tensor Leaf(Context context, Tensor features)
    {
        Tensor sureness = context.Ledger is null ? default : context.Workspace.Rent(new Shape(features.Shape[0]));
        Selection leaves = context.TreeLeaf(features, Weight.Value, Bias.Value, Beta(context), sureness);
        context.Count(features.Shape[0], 0, (long)(NodeCount + 1) * _classes);
        if (context.Ledger is not null)
        {
            // Each leaf is one path; all decisions are what all leaves cost.
            Tensor costs = context.Workspace.Rent(new Shape(leaves.Universe));
            costs.Span.Fill((float)_depth * _features);
            context.Record(NewRecord(leaves, sureness) with { UnitCosts = costs, MostMacs = (long)NodeCount * _features });
        }

        return context.GatherRows(LeafLogits.Value, leaves.Indices);
    }

    private Tensor Reach(Context context, Tensor features, out Tensor right)
    {
        right = context.Sigmoid(context.Scale(context.Linear(features, Weight.Value, Bias.Value), Beta(context)));
        return context.TreeReach(right);
    }

    // All decisions are the cost of all leaves.
    private DecisionRecord NewRecord(Selection leaves, Tensor scores) => new()
    {
        Layer = Number,
        Kind = DecisionKind.Branches,
        Rows = scores.Shape[0],
        Selected = leaves,
        Scores = scores,
        UnitMacs = _features,
    };

    private void AddBalance(Context context, Tensor reach, Tensor right)
    {
        Tensor inner = context.Slice(reach, 1, 0, NodeCount);
        Tensor share = context.Divide(context.Sum(context.Multiply(inner, right), 0), context.Offset(context.Sum(inner, 0), LeastShare));
        Tensor both = context.Multiply(context.Clamp(share, LeastShare, 1), context.Clamp(context.Affine(share, -1, 1), LeastShare, 1));
        Tensor weights = context.Workspace.Rent(new Shape(NodeCount));
        for (int level = 0; level < _depth; level++)
        {
            weights.Span.Slice((1 << level) - 1, 1 << level).Fill(-0.5f / (1 << level));
        }

        context.AddLossTerm("balance", Number, context.Sum(context.Multiply(context.Log(both), weights)));
    }
}
