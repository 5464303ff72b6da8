using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// A cascade of whole networks of rising cost: a sample that one is not sure about goes to the next, which begins anew from the input, so a
/// hard sample costs the sum of all (Park et al., "Big/Little", CODES+ISSS 2015; Bolukbasi et al., "Adaptive Neural Networks for Efficient
/// Inference", ICML 2017).
/// </summary>
/// <remarks>
/// Exits may have gates that learn when to leave, for the criterion "learned": σ(w·f + b) of the answer's largest probability, its distance from the next one and
/// 1 − H(p)/ln(classes). They are to be trained from the last network backwards by <c>BackwardExits</c> (Bolukbasi et al., section 3). Deviation: the paper's
/// gates see features of the last convolution too.
/// </remarks>
public sealed class Cascade : StagedNetwork
{
    private const int GateFeatures = 3;

    private readonly Layer[] _networks;
    private readonly ExitGate[] _gates;

    /// <summary>Makes a cascade.</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="networks">The networks, cheapest first; each gives logits [N, classes] of the same number of classes.</param>
    /// <exception cref="ArgumentException">There is no network, or their outputs do not agree.</exception>
    public Cascade(Shape sampleShape, params ReadOnlySpan<Layer> networks)
        : this(sampleShape, false, networks)
    {
    }

    /// <summary>Makes a cascade whose exits may have gates.</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="hasExitGates">Whether each exit but the last has a gate that learns when to leave.</param>
    /// <param name="networks">The networks, cheapest first; each gives logits [N, classes] of the same number of classes.</param>
    /// <exception cref="ArgumentException">There is no network, or their outputs do not agree.</exception>
    public Cascade(Shape sampleShape, bool hasExitGates, params ReadOnlySpan<Layer> networks)
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

        _gates = new ExitGate[hasExitGates ? _networks.Length - 1 : 0];
        for (int k = 0; k < _gates.Length; k++)
        {
            _gates[k] = Add("gate" + k.ToString(CultureInfo.InvariantCulture), new ExitGate(GateFeatures));
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
    public override bool HasExitGates => _gates.Length > 0;

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _networks[stage].CountMacs(BatchShape(1)) + (stage < _gates.Length ? _gates[stage].Macs : 0);

    /// <inheritdoc/>
    public override StageState CreateState() => new(1);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor logits = _networks[stage].Forward(context, state[0]);
        if (stage < _gates.Length)
        {
            _ = scope.Keep(_gates[stage].Tell(context, state, Sureness(context, logits), StageMacs(stage + 1)));
        }

        return scope.Keep(logits);
    }

    // Numbers: what a gate learns is no business of the answer.
    private static Tensor Sureness(Context context, Tensor logits)
    {
        Tape? tape = context.Tape;
        context.Tape = null;
        Tensor probabilities = context.Softmax(logits);
        context.Tape = tape;
        int classes = logits.Shape[1];
        Tensor features = context.Workspace.Rent(new Shape(logits.Shape[0], GateFeatures));
        for (int row = 0; row < logits.Shape[0]; row++)
        {
            float first = 0;
            float second = 0;
            float entropy = 0;
            foreach (float p in probabilities.Span.Slice(row * classes, classes))
            {
                second = MathF.Max(second, MathF.Min(first, p));
                first = MathF.Max(first, p);

                // p ln p tends to 0 with p.
                entropy -= p > 0 ? p * MathF.Log(p) : 0;
            }

            Span<float> own = features.Span.Slice(row * GateFeatures, GateFeatures);
            own[0] = first;
            own[1] = first - second;
            own[2] = classes > 1 ? 1 - (entropy / MathF.Log(classes)) : 1;
        }

        return features;
    }
}
