using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// A network that works in stages, each of which ends with an answer: exits of a deep network, models of a cascade, glimpses, time steps.
/// Forward passes, sessions, deadlines, streaming and regrouping are all loops over <see cref="Advance"/>.
/// </summary>
public abstract class StagedNetwork : Module
{
    /// <summary>The number of stages, at least 1.</summary>
    public abstract int StageCount { get; }

    /// <summary>The number of classes of each answer.</summary>
    public abstract int ClassCount { get; }

    /// <summary>The shape of one sample, without batch: [H, W, C] for an image.</summary>
    public abstract Shape SampleShape { get; }

    /// <summary>What it answers with.</summary>
    public virtual AnswerKind Answers => AnswerKind.Label;

    /// <summary>How many targets a sample has: 1 label, or one for each pixel of a map of labels, or one for each value of a picture.</summary>
    public virtual int TargetCount => 1;

    /// <summary>
    /// The options record that an architecture of the catalogue built the network from; null for a network put together by hand, which
    /// cannot be saved by name.
    /// </summary>
    public object? Recipe { get; init; }

    /// <summary>How the gradients of exits meet in the trunk; a setting of training, which no model file holds.</summary>
    public ExitGradients ExitGradients { get; set; }

    /// <summary>
    /// ω: the answer of a stage is that of the stage itself plus ω times the answer before it, F_k = f_k + ω·F_{k−1}, and no gradient goes into the latter: exits
    /// are then trained as a boosted sum, each on what those before it left over (Yu et al., "Boosted dynamic neural networks", AAAI 2023, section 3.2). 0: each
    /// answers for itself.
    /// </summary>
    public float ExitCarry { get; init; }

    /// <summary>Whether all exits but the last have a gate that tells how sure it is of their answer (<see cref="StageState.Certainty"/>).</summary>
    public virtual bool HasExitGates => false;

    /// <summary>The MACs of one stage for one sample, its answer included, when all of it runs.</summary>
    /// <param name="stage">From 0.</param>
    public abstract long StageMacs(int stage);

    /// <summary>Makes an empty state for <see cref="Start"/>.</summary>
    public abstract StageState CreateState();

    /// <summary>The MACs of one sample that runs all stages up to one.</summary>
    /// <param name="stage">The last stage that runs, from 0.</param>
    public long CumulativeMacs(int stage)
    {
        long macs = 0;
        for (int i = 0; i <= stage; i++)
        {
            macs += StageMacs(i);
        }

        return macs;
    }

    /// <summary>Begins with a new batch.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">The batch, [N, …] with <see cref="SampleShape"/> behind N; it must stay until the last stage has run.</param>
    /// <param name="state">What <see cref="CreateState"/> made.</param>
    /// <exception cref="ArgumentException">The input has another shape.</exception>
    public void Start(Context context, Tensor input, StageState state)
    {
        if (!Accepts(input.Shape))
        {
            Shape expected = BatchShape(input.Shape.Rank == 0 ? 0 : input.Shape[0]);
            throw new ArgumentException($"The input has shape {input.Shape}; {GetType().Name} expects {expected}.", nameof(input));
        }

        state.Begin(input);
        OnStart(context, input, state);
    }

    /// <summary>Runs the next stage.</summary>
    /// <param name="context">The context.</param>
    /// <param name="state">The state; afterwards it is ready for the stage that follows.</param>
    /// <returns>The stage's answer: logits, [rows, <see cref="ClassCount"/>], with a row for each pixel where it answers for pixels.</returns>
    public Tensor Advance(Context context, StageState state)
    {
        if (state.Stage >= StageCount)
        {
            throw new InvalidOperationException($"All {StageCount} stages have run.");
        }

        context.ThrowIfCancelled();
        state.Tell(default);
        int outer = context.Meter?.Layer ?? 0;
        Tensor logits = OnAdvance(context, state, state.Stage);
        if (ExitCarry > 0)
        {
            logits = Carry(context, logits, state);
        }

        if (context.Meter is { } meter)
        {
            meter.Layer = outer;
        }

        state.Complete();
        return logits;
    }

    /// <summary>The shape of a batch of samples.</summary>
    /// <param name="samples">The number of samples.</param>
    public Shape BatchShape(int samples)
    {
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        extents[0] = samples;
        SampleShape.CopyTo(extents[1..]);
        return new Shape(extents[..(SampleShape.Rank + 1)]);
    }

    /// <summary>What an exit reads, with the trunk's gradients as <see cref="ExitGradients"/> has them. Networks whose exits share a trunk call it before an exit.</summary>
    /// <param name="context">The context.</param>
    /// <param name="state">The state.</param>
    /// <param name="slot">The slot of the features; what later stages read of it is changed too, in its gradient only.</param>
    /// <param name="stage">The stage.</param>
    protected Tensor EnterExit(Context context, StageState state, int slot, int stage)
    {
        Tensor features = state[slot];
        int left = StageCount - stage;
        if (ExitGradients == ExitGradients.Sum || left == 1 || !context.Records(features))
        {
            return features;
        }

        if (ExitGradients == ExitGradients.LastOnly)
        {
            return context.ScaleGradient(features, 0);
        }

        Tensor shared = context.ScaleGradient(features, 1f / left);
        state.Set(context, slot, context.ScaleGradient(shared, left - 1));
        return shared;
    }

    /// <summary>Whether a batch may have a shape; only <see cref="BatchShape"/> unless the network runs on others.</summary>
    /// <param name="input">The batch's shape.</param>
    protected virtual bool Accepts(Shape input) => input == BatchShape(input.Rank == 0 ? 0 : input[0]);

    /// <summary>Puts what the first stage needs into the state.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">The batch.</param>
    /// <param name="state">The state, empty.</param>
    protected abstract void OnStart(Context context, Tensor input, StageState state);

    /// <summary>Runs one stage: reads the state's tensors, puts there what later stages need, and answers.</summary>
    /// <param name="context">The context.</param>
    /// <param name="state">The state.</param>
    /// <param name="stage">The stage.</param>
    /// <returns>Logits, [rows, classes], rented in the scope that was open when this was called.</returns>
    protected abstract Tensor OnAdvance(Context context, StageState state, int stage);

    private Tensor Carry(Context context, Tensor logits, StageState state)
    {
        Tensor sum = logits;
        if (state.Answer.Exists)
        {
            sum = context.Add(logits, context.Scale(state.Answer, ExitCarry));
            context.Workspace.Recycle(logits);
        }

        // A copy without a way back: the caller's answer is its own, and no gradient goes into what is carried.
        state.CarryAnswer(context, context.Workspace.RentCopy(sum.Shape, sum.Span));
        return sum;
    }
}
