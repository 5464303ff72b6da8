using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Decisions.Policies;

/// <summary>
/// The policy network of BlockDrop (Wu et al., CVPR 2018, section 3.2): a small convolutional network sees the input once and decides about all layers at
/// the same time, s = σ(W·GAP(convolutions(x)) + b).
/// </summary>
/// <remarks>
/// With a curriculum the policy decides about the last layers first and about all in the end; those it does not decide about yet run for every sample. The
/// paper trains the policy with a finished network; here both are trained in one run, and the curriculum's beginning leaves the network alone for a while.
/// </remarks>
public sealed class PolicyNetwork : LayerPolicy
{
    private readonly ConvBlock[] _convolutions;
    private readonly GateLinear _head;
    private readonly BinaryRelaxation _relaxation;
    private readonly Annealing _opened;

    /// <summary>Makes a policy.</summary>
    /// <param name="layerCount">The number of layers that it decides about.</param>
    /// <param name="inputChannels">Channels of the network's input.</param>
    /// <param name="widths">Channels of its convolutions of 3×3 at stride 2.</param>
    /// <param name="openness">The logit of running at the beginning.</param>
    /// <param name="relaxation">How it is trained; none: actions with probabilities bounded by 0.8, for policy gradients.</param>
    /// <param name="opened">The share of layers, from the last, that the policy decides about; none: all from the start.</param>
    public PolicyNetwork(int layerCount, int inputChannels, ReadOnlySpan<int> widths, float openness = 2, BinaryRelaxation? relaxation = null, Annealing? opened = null)
        : base(layerCount)
    {
        if (widths.Length == 0)
        {
            throw new ArgumentException("The policy network has no convolution; expected at least one.", nameof(widths));
        }

        _convolutions = new ConvBlock[widths.Length];
        for (int i = 0; i < widths.Length; i++)
        {
            _convolutions[i] = Add("conv" + i.ToString(CultureInfo.InvariantCulture), new ConvBlock(i == 0 ? inputChannels : widths[i - 1], widths[i], 3, stride: 2));
        }

        _head = Add("head", new GateLinear(widths[^1], Math.Max(1, layerCount), openness));
        _relaxation = relaxation ?? new BernoulliActionRelaxation(0.8f);
        _opened = opened ?? Annealing.Constant(1);
    }

    /// <inheritdoc/>
    public override long CountBeginMacs(Shape input)
    {
        long macs = 0;
        foreach (ConvBlock convolution in _convolutions)
        {
            macs += convolution.CountMacs(input);
            input = convolution.OutputShape(input);
        }

        return macs + _head.CountMacs(new Shape(input[0], input[3]));
    }

    /// <inheritdoc/>
    public override long CountMacs(int layer, Shape features) => 0;

    /// <inheritdoc/>
    protected override void OnBegin(Context context, Tensor input, ref LayerPolicyState state)
    {
        Tensor logits;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor features = input;
            foreach (ConvBlock convolution in _convolutions)
            {
                features = convolution.Forward(context, features);
            }

            logits = scope.Keep(_head.Forward(context, context.GlobalAveragePool(features)));
        }

        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            state.Scores = context.Sigmoid(logits);
            return;
        }

        RelaxedChoice choice = _relaxation.Relax(context, logits, context.NoiseOf(this));
        state.Scores = choice.Scores;
        state.LogProbabilities = choice.LogProbabilities;
    }

    /// <inheritdoc/>
    protected override Decision OnDecide(Context context, int layer, Tensor features, ref LayerPolicyState state)
    {
        int samples = features.Shape[0];
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        if (layer < LayerCount - OpenedLayers(context.Progress))
        {
            Tensor open = context.Workspace.Rent(new Shape(samples));
            open.Span.Fill(1);
            return new Decision(isHard ? Selection.All(1, samples) : default, open);
        }

        Tensor scores = context.ScoresOf(state.Scores, layer);
        Tensor logProbabilities = state.LogProbabilities.Exists ? context.ScoresOf(state.LogProbabilities, layer) : default;
        return new Decision(isHard ? context.SelectLikely(scores, 1) : default, scores, logProbabilities);
    }

    private int OpenedLayers(double progress) => (int)Math.Ceiling(Math.Clamp(_opened.At(progress), 0, 1) * LayerCount);
}
