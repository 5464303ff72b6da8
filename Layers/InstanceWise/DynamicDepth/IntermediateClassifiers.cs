using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// A backbone cut into segments with a classifier after each: h_k = segment_k(h_{k−1}), logits_k = exit_k(h_k) (Teerapittayanon et al.,
/// "BranchyNet", ICPR 2016, section III; Kaya et al., "Shallow-Deep Networks", ICML 2019, section 3).
/// </summary>
public sealed class IntermediateClassifiers : StagedNetwork
{
    private readonly Layer[] _segments;
    private readonly Layer[] _exits;
    private readonly long[] _stageMacs;

    /// <summary>Puts a classifier after each segment.</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="segments">The backbone's segments, first to last.</param>
    /// <param name="exits">The classifier after each segment; all give logits [N, classes] of the same number of classes.</param>
    /// <exception cref="ArgumentException">There is not one exit a segment, or their outputs do not agree.</exception>
    public IntermediateClassifiers(Shape sampleShape, ReadOnlySpan<Layer> segments, ReadOnlySpan<Layer> exits)
    {
        if (segments.Length == 0 || segments.Length != exits.Length)
        {
            throw new ArgumentException($"{segments.Length} segments and {exits.Length} exits were given; expected one exit for each of at least one segment.", nameof(exits));
        }

        SampleShape = sampleShape;
        _segments = segments.ToArray();
        _exits = exits.ToArray();
        _stageMacs = new long[_segments.Length];
        Shape features = BatchShape(1);
        for (int k = 0; k < _segments.Length; k++)
        {
            Add("segment" + k.ToString(CultureInfo.InvariantCulture), _segments[k]);
            Add("exit" + k.ToString(CultureInfo.InvariantCulture), _exits[k]);
            _stageMacs[k] = _segments[k].CountMacs(features);
            features = _segments[k].OutputShape(features);
            _stageMacs[k] += _exits[k].CountMacs(features);
            ClassCount = CheckLogits(_exits[k].OutputShape(features), k, ClassCount);
        }

        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _segments.Length;

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _stageMacs[stage];

    /// <inheritdoc/>
    public override StageState CreateState() => new(1);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            state.Set(context, 0, scope.Keep(_segments[stage].Forward(context, state[0])));
        }

        using WorkspaceScope exitScope = context.Workspace.Enter();
        return exitScope.Keep(_exits[stage].Forward(context, state[0]));
    }

    private static int CheckLogits(Shape logits, int exit, int classes)
    {
        if (logits.Rank != 2 || (classes != 0 && logits[1] != classes))
        {
            throw new ArgumentException($"Exit {exit} gives shape {logits}; expected [1, {(classes == 0 ? "classes" : classes.ToString(CultureInfo.InvariantCulture))}].");
        }

        return logits[1];
    }
}
