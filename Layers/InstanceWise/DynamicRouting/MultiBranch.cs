using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// A block of parallel branches of which each sample takes some, y = Σ_{i chosen} g_i(x) B_i(x) (Mullapudi et al., "HydraNets", CVPR 2018, section 3; Liu
/// and Deng, "Dynamic deep neural networks", AAAI 2018). Soft, y = Σ_i g_i B_i over all branches; hard, only the chosen ones run, each for the samples that
/// chose it.
/// </summary>
/// <remarks>Deviations from HydraNets: branches are weighed and added, where the paper concatenates their features, and the gate is trained with the rest, where
/// the paper clusters classes first and trains it to tell the clusters.</remarks>
public sealed class MultiBranch : Layer
{
    private readonly DecisionRule _rule;
    private readonly Layer[] _branches;

    /// <summary>Makes a block.</summary>
    /// <param name="rule">Decides over the branches from the block's input: a row of the selection and a row of scores for each sample.</param>
    /// <param name="branches">B, at least one; all give outputs of one shape.</param>
    public MultiBranch(DecisionRule rule, params ReadOnlySpan<Layer> branches)
    {
        if (branches.Length == 0)
        {
            throw new ArgumentException("No branch was given; expected at least one.", nameof(branches));
        }

        _rule = Add("gate", rule);
        _branches = branches.ToArray();
        for (int i = 0; i < _branches.Length; i++)
        {
            Add("branch" + i.ToString(CultureInfo.InvariantCulture), _branches[i]);
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        Shape output = _branches[0].OutputShape(input);
        for (int i = 1; i < _branches.Length; i++)
        {
            if (_branches[i].OutputShape(input) != output)
            {
                throw new ArgumentException($"Branch {i} turns shape {input} into {_branches[i].OutputShape(input)}; expected {output}, as the first one does.", nameof(input));
            }
        }

        return output;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _rule.CountMacs(input) + BranchMacs(input);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = _rule.Decide(context, input);
        return scope.Keep(context.SendToExperts(Number, decision, input, _branches, kind: DecisionKind.Branches));
    }

    private long BranchMacs(Shape input)
    {
        long macs = 0;
        foreach (Layer branch in _branches)
        {
            macs += branch.CountMacs(input);
        }

        return macs;
    }
}
