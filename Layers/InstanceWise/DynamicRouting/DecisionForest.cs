using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// A deep neural decision forest (Kontschieder et al., "Deep neural decision forests", ICCV 2015, sections 2 and 3): several soft decision trees over the
/// features that a network gives, whose leaves' distributions are averaged, y = log (1/T) Σ_t Σ_l P_tl Q_tl. Hard, each tree takes the leaf of the
/// greatest path probability, and computes only the decisions on its way.
/// </summary>
/// <remarks>
/// Deviations: leaves are parameters, Q = softmax(φ), trained by gradients together with the rest, where the paper alternates with its closed-form update
/// of the leaves over the whole training set; trees have weights of their own for their decisions, where the paper lets each decision read one output of
/// a shared fully connected layer, which is the same function; the paper evaluates all leaves at inference. Each tree asks for the term "balance".
/// </remarks>
public sealed class DecisionForest : Layer
{
    private readonly SoftDecisionTree[] _trees;

    /// <summary>Makes a forest.</summary>
    /// <param name="features">Features of a sample, all its extents multiplied.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="trees">Trees, at least 1.</param>
    /// <param name="depth">Levels of decisions of each, 1 to 12.</param>
    /// <param name="beta">The inverse temperature of decisions at inference, above 0.</param>
    /// <param name="firstBeta">The same when training begins; 0: as at inference.</param>
    public DecisionForest(int features, int classes, int trees, int depth, float beta = 1, float firstBeta = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trees, 1);
        _trees = new SoftDecisionTree[trees];
        for (int i = 0; i < trees; i++)
        {
            _trees[i] = Add("tree" + i.ToString(CultureInfo.InvariantCulture), new SoftDecisionTree(features, classes, depth, beta, firstBeta));
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _trees[0].OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _trees.Length * _trees[0].CountMacs(input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor features = context.Flatten(input);
        Tensor sum = _trees[0].Probabilities(context, features);
        for (int i = 1; i < _trees.Length; i++)
        {
            sum = context.Add(sum, _trees[i].Probabilities(context, features));
        }

        return scope.Keep(SoftDecisionTree.LogOf(context, context.Scale(sum, 1f / _trees.Length)));
    }
}
