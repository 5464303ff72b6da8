using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Chooses where to look next: the features of what was seen last, brought to a few channels and to the grid of places, and the place looked at before, go into
/// a memory whose state gives a logit for each place (Wang et al., "Glance and focus", NeurIPS 2020, section 3.1, the patch proposal network).
/// </summary>
/// <remarks>
/// Deviations: the paper proposes continuous centres with a Gaussian of fixed width, trained by PPO; here a place of a grid is drawn from softmax(l) and trained by
/// REINFORCE, and the most probable is taken at inference. No gradient goes into the features. While training is younger than the warm-up, places are drawn
/// evenly and tell no probability, which is the paper's first stage of training.
/// </remarks>
public sealed class FocusPolicy : Module
{
    private readonly ConvBlock _reduce;
    private readonly Linear _encode;
    private readonly GlimpseMemory _memory;
    private readonly Linear _head;
    private readonly CategoricalActionRelaxation _relaxation = new();
    private readonly int _grid;
    private readonly float _warmUp;

    /// <summary>Makes a policy.</summary>
    /// <param name="channels">Channels of the features.</param>
    /// <param name="grid">Places in each direction, at least 1.</param>
    /// <param name="reduced">Channels that the features are brought to.</param>
    /// <param name="hidden">Values that it remembers.</param>
    /// <param name="warmUp">The share of training in which places are drawn evenly.</param>
    public FocusPolicy(int channels, int grid, int reduced = 4, int hidden = 32, float warmUp = 0.3f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(grid, 1);
        _grid = grid;
        _warmUp = warmUp;
        _reduce = Add("reduce", new ConvBlock(channels, reduced, kernel: 1));
        _encode = Add("encode", new Linear((reduced + 1) * grid * grid, hidden));
        _memory = Add("memory", new GlimpseMemory(hidden, hidden));
        _head = Add("head", new Linear(hidden, grid * grid) { StartsAtZero = true });
    }

    /// <summary>The number of places.</summary>
    public int PlaceCount => _grid * _grid;

    /// <summary>MACs of a decision for one sample.</summary>
    /// <param name="features">The features' shape.</param>
    public long CountMacs(Shape features)
    {
        Shape one = features.With(0, 1);
        long encode = _encode.CountMacs(new Shape(1, _encode.Weight.Shape[1]));
        return _reduce.CountMacs(one) + encode + _memory.StepMacs + _head.CountMacs(new Shape(1, _head.Weight.Shape[1]));
    }

    /// <summary>Decides where to look.</summary>
    /// <param name="context">The context.</param>
    /// <param name="features">[N, H, W, channels].</param>
    /// <param name="before">The place looked at before, one-hot, [N, places]; none: no place yet.</param>
    /// <param name="memory">What the policy remembers, [N, hidden]; none at first. Afterwards the new state, kept in the scope that is open.</param>
    /// <param name="step">Which decision about a sample this is.</param>
    /// <returns>The place of each sample, a row each; as scores one-hot while training, else probabilities.</returns>
    public Decision Decide(Context context, Tensor features, Tensor before, ref Tensor memory, int step)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = features.Shape[0];
        Tensor seen = context.Records(features) ? context.ScaleGradient(features, 0) : features;
        Tensor reduced = context.AdaptiveAveragePool2d(_reduce.Forward(context, seen), _grid, _grid);
        Tensor last = before.Exists ? before : context.Workspace.RentZeros(new Shape(samples, PlaceCount));
        Tensor encoded = context.Relu(_encode.Forward(context, context.Concat(1, context.Flatten(reduced), last)));
        memory = scope.Keep(_memory.Forward(context, encoded, memory));
        Tensor logits = _head.Forward(context, memory);
        if (context.Decisions == Engine.Execution.Decisions.Hard)
        {
            Selection best = context.Workspace.SelectTop(samples, PlaceCount, logits.Span, 1);
            return new Decision(scope.Keep(best), scope.Keep(context.Softmax(logits)));
        }

        bool isEven = context.Progress < _warmUp;
        Tensor weighed = isEven ? context.Workspace.RentZeros(logits.Shape) : logits;
        RelaxedChoice choice = _relaxation.Relax(context, weighed, context.NoiseOf(this, step));
        Selection drawn = context.Workspace.SelectTop(samples, PlaceCount, choice.Scores.Span, 1);
        return new Decision(scope.Keep(drawn), scope.Keep(choice.Scores), isEven ? default : scope.Keep(choice.LogProbabilities));
    }
}
