using System;
using System.Threading;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Execution;

/// <summary>
/// Everything that an operator needs besides its operands. Operators are extension methods on it, as in
/// <c>context.Conv2d(input, weight, …)</c>. A context serves one thread at a time; nothing in it is ambient.
/// </summary>
public sealed class Context
{
    /// <summary>Makes a context.</summary>
    /// <param name="workers">The threads to use; none: the calling one.</param>
    /// <param name="random">The random source; none: one with seed 0.</param>
    /// <param name="limits">The limits; none: <see cref="Limits.Default"/>.</param>
    public Context(Workers? workers = null, RandomSource? random = null, Limits? limits = null)
    {
        Limits = limits ?? Limits.Default;
        Workspace = new Workspace(Limits.WorkspaceBytes);
        Workers = workers ?? new Workers(1);
        Random = random ?? new RandomSource(0);
    }

    /// <summary>Where results and scratch memory come from.</summary>
    public Workspace Workspace { get; }

    /// <summary>The threads.</summary>
    public Workers Workers { get; }

    /// <summary>The random numbers.</summary>
    public RandomSource Random { get; }

    /// <summary>The limits.</summary>
    public Limits Limits { get; }

    /// <summary>The tape that records; null: nothing is recorded.</summary>
    public Tape? Tape { get; set; }

    /// <summary>What the network is run for.</summary>
    public Mode Mode { get; set; } = Mode.Evaluate;

    /// <summary>How dynamic layers decide.</summary>
    public Decisions Decisions { get; set; } = Decisions.Hard;

    /// <summary>Which arithmetic kernels may use.</summary>
    public Accuracy Accuracy { get; set; } = Accuracy.Fast;

    /// <summary>Counts MACs; null: nobody counts.</summary>
    public ComputeMeter? Meter { get; set; }

    /// <summary>Takes down what dynamic layers decide; null: nobody asks.</summary>
    public DecisionLedger? Ledger { get; set; }

    /// <summary>The step of training, by which random numbers are looked up.</summary>
    public long Step { get; set; }

    /// <summary>
    /// The share of training that is over, from 0 to 1: what temperatures, targets and curricula are annealed by. It is 1 outside of training.
    /// </summary>
    public double Progress { get; set; } = 1;

    /// <summary>
    /// The samples that the rows of the current batch stand for, one row of the selection, so that counts and random numbers stay with their
    /// sample when a batch is regrouped. None or all: row r is sample r.
    /// </summary>
    public Selection Samples { get; set; }

    /// <summary>
    /// The samples that the branch which runs now is meant for while decisions are relaxed and all samples go through it, one row: normalisation takes its
    /// statistics over them, as skipping will see no others. None or all: every sample. Told by sample as <see cref="SampleOf"/> does, not by row.
    /// </summary>
    public Selection ActiveSamples { get; set; }

    /// <summary>Asks the computation to end early.</summary>
    public CancellationToken Cancellation { get; set; }

    /// <summary>Whether an operation on this input must be recorded: a tape is there and gradients flow into the input.</summary>
    /// <param name="input">An operand; none is allowed.</param>
    public bool Records(Tensor input) => Tape is not null && input.RequiresGradient;

    /// <summary>The sample that a row of the current batch stands for.</summary>
    /// <param name="row">The row.</param>
    public int SampleOf(int row) => Samples.IsAll ? row : Samples.Indices[row];

    /// <summary>Counts the cost of an operation that is the same for each row of the batch.</summary>
    /// <param name="rows">The number of rows.</param>
    /// <param name="executedMacs">MACs executed a row.</param>
    /// <param name="denseMacs">MACs that the dense network takes a row.</param>
    public void Count(int rows, long executedMacs, long denseMacs) => Meter?.Record(Samples, rows, executedMacs, denseMacs);

    /// <summary>Counts the cost of an operation for one row of the batch.</summary>
    /// <param name="row">The row.</param>
    /// <param name="executedMacs">MACs executed.</param>
    /// <param name="denseMacs">MACs that the dense network takes.</param>
    public void CountRow(int row, long executedMacs, long denseMacs) => Meter?.RecordRow(Samples, row, executedMacs, denseMacs);

    /// <summary>Writes down what a layer decided for the rows of the current batch, if anybody asks.</summary>
    /// <param name="record">The decision.</param>
    public void Record(in DecisionRecord record) => Ledger?.Add(Samples, in record);

    /// <summary>Adds a part of the loss that a layer asks for, if anybody trains.</summary>
    /// <param name="name">What it is, such as "ponder".</param>
    /// <param name="layer">The number of the module that asks.</param>
    /// <param name="value">[1], differentiable.</param>
    public void AddLossTerm(string name, int layer, Tensor value) => Ledger?.Add(new LossTerm(name, layer, value));

    /// <summary>Ends the computation if that was asked for.</summary>
    /// <exception cref="OperationCanceledException">It was.</exception>
    public void ThrowIfCancelled() => Cancellation.ThrowIfCancellationRequested();
}
