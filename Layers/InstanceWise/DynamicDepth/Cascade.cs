using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// A cascade of whole networks of rising cost: a sample that one is not sure about goes to the next, which begins anew from the input, so a
/// hard sample costs the sum of all (Park et al., "Big/Little", CODES+ISSS 2015; Bolukbasi et al., "Adaptive Neural Networks for Efficient
/// Inference", ICML 2017).
/// </summary>
public sealed class Cascade : StagedNetwork
{
    private readonly Layer[] _networks;

    /// <summary>Makes a cascade.</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="networks">The networks, cheapest first; each gives logits [N, classes] of the same number of classes.</param>
    /// <exception cref="ArgumentException">There is no network, or their outputs do not agree.</exception>
    public Cascade(Shape sampleShape, params ReadOnlySpan<Layer> networks)
    {
        if (networks.Length == 0)
        {
            throw new ArgumentException("No network was given; expected at least one.", nameof(networks));
        }

        SampleShape = sampleShape;
        _networks = networks.ToArray();
        for (int k = 0; k < _networks.Length; k++)
        {
            Add("network" + k.ToString(CultureInfo.InvariantCulture), _networks[k]);
            Shape logits = _networks[k].OutputShape(BatchShape(1));
            if (logits.Rank != 2 || (k > 0 && logits[1] != ClassCount))
            {
                throw new ArgumentException($"Network {k} gives shape {logits}; expected [1, {(k == 0 ? "classes" : ClassCount.ToString(CultureInfo.InvariantCulture))}].", nameof(networks));
            }

            ClassCount = logits[1];
        }

        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _networks.Length;

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _networks[stage].CountMacs(BatchShape(1));

    /// <inheritdoc/>
    public override StageState CreateState() => new(1);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(_networks[stage].Forward(context, state[0]));
    }
}
