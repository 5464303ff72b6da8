using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// What a network that works in stages carries from one stage to the next: some tensors, each with the batch as first dimension, in numbered
/// slots. Made once and used again for each batch.
/// </summary>
public sealed class StageState
{
    private readonly Tensor[] _slots;
    private Tensor _input;

    /// <summary>Makes an empty state.</summary>
    /// <param name="slots">The number of tensors carried at most.</param>
    public StageState(int slots)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slots);
        _slots = new Tensor[slots];
    }

    /// <summary>The next stage to run.</summary>
    public int Stage { get; private set; }

    /// <summary>The number of rows of the batch that still runs.</summary>
    public int Rows { get; private set; }

    /// <summary>How sure the gate of the last stage is that its answer may be final, [rows], from 0 to 1; none where exits have no gate.</summary>
    public Tensor Certainty { get; private set; }

    /// <summary>The last answer, where answers are added up; else none.</summary>
    internal Tensor Answer { get; private set; }

    /// <summary>The pixels that the next stage is to run on, a row for each sample; none: all. Only networks that answer for pixels ask.</summary>
    public Selection Chosen { get; set; }

    /// <summary>A carried tensor; none when the slot is empty.</summary>
    /// <param name="slot">The slot.</param>
    public Tensor this[int slot] => _slots[slot];

    /// <summary>Empties all slots and goes back to stage 0.</summary>
    /// <param name="input">The new batch, [N, …]; it stays the caller's, and is never given back from here.</param>
    public void Begin(Tensor input)
    {
        Array.Clear(_slots);
        Answer = default;
        Certainty = default;
        Chosen = default;
        Stage = 0;
        Rows = input.Shape[0];
        _input = input;
    }

    /// <summary>Puts a tensor into a slot. What was there is given back to the workspace, unless a slot still refers to its memory.</summary>
    /// <param name="context">The context.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="tensor">[rows, …]; none empties the slot. It must live as long as the state: keep it from the scope it was made in.</param>
    public void Set(Context context, int slot, Tensor tensor)
    {
        Tensor old = _slots[slot];
        _slots[slot] = tensor;
        if (old.Exists && !IsReferred(old) && !old.SharesMemoryWith(_input))
        {
            context.Workspace.Recycle(old);
        }
    }

    /// <summary>Tells how sure a gate is that the answer of the stage which runs now may be final.</summary>
    /// <param name="certainty">[rows], from 0 to 1; it must live until the next stage runs.</param>
    /// <exception cref="ArgumentException">There is not one number a row.</exception>
    public void Tell(Tensor certainty) => Certainty = !certainty.Exists || certainty.Count == Rows
        ? certainty
        : throw new ArgumentException($"The certainty has shape {certainty.Shape}; expected one number for each of {Rows} rows.", nameof(certainty));

    /// <summary>Goes on to the next stage.</summary>
    public void Complete() => Stage++;

    /// <summary>Keeps only some rows of the batch, so that the others cost nothing from now on.</summary>
    /// <param name="context">The context.</param>
    /// <param name="keep">One row of indices into the batch; all leaves everything as it is.</param>
    public void Regroup(Context context, Selection keep)
    {
        if (keep.IsAll)
        {
            return;
        }

        if (keep.Universe != Rows)
        {
            throw new ArgumentException($"The selection is of {keep.Universe} rows; the state has {Rows}.", nameof(keep));
        }

        for (int slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot].Exists)
            {
                Set(context, slot, context.GatherSamples(_slots[slot], keep));
            }
        }

        if (Answer.Exists)
        {
            CarryAnswer(context, context.GatherSamples(Answer, keep));
        }

        Rows = keep.Count;
    }

    /// <summary>Takes the sum of answers in place of the last one.</summary>
    /// <param name="context">The context.</param>
    /// <param name="answer">[rows, classes]; it must live as long as the state.</param>
    internal void CarryAnswer(Context context, Tensor answer)
    {
        context.Workspace.Recycle(Answer);
        Answer = answer;
    }

    private bool IsReferred(Tensor tensor)
    {
        foreach (Tensor slot in _slots)
        {
            if (slot.SharesMemoryWith(tensor))
            {
                return true;
            }
        }

        return false;
    }
}
