using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Takes a recurrent cell along a batch of sequences, in one direction.</summary>
internal static class SequenceWalk
{
    /// <summary>The hidden states after each step, [N, T, H]; 0 where a sample has no step.</summary>
    /// <param name="context">The context.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="input">[N, T, I].</param>
    /// <param name="steps">The steps of each sample; none: all.</param>
    /// <param name="initial">[N, state width]; none: zeros.</param>
    /// <param name="isReverse">Whether the last step comes first.</param>
    /// <param name="last">The state after the last step, [N, state width].</param>
    public static Tensor Run(Context context, RecurrentCell cell, Tensor input, Selection steps, Tensor initial, bool isReverse, out Tensor last) =>
        context.Tape is null ? Hard(context, cell, input, steps, initial, isReverse, out last) : Recorded(context, cell, input, steps, initial, isReverse, out last);

    private static Tensor Hard(Context context, RecurrentCell cell, Tensor input, Selection steps, Tensor initial, bool isReverse, out Tensor last)
    {
        (int samples, int count) = (input.Shape[0], input.Shape[1]);
        Tensor output = context.Workspace.Rent(new Shape(samples, count, cell.Units));
        last = StepRows.Copy(context, initial, new Shape(samples, cell.StateWidth));
        if (!steps.IsAll)
        {
            output.Span.Clear();
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor fromInput = cell.FromInput(context, input, steps);
        if (steps.IsAll && cell.TryWalk(context, fromInput, last, output, isReverse))
        {
            return output;
        }

        long hiddenMacs = (long)cell.Gates * cell.Units * cell.Units;
        PresentWalk.Run(context, new CellStep(cell), fromInput, steps, last, output, hiddenMacs, isReverse);
        return output;
    }

    // All steps run for all samples; who has no step keeps the state, so that gradients need no rule of their own.
    private static Tensor Recorded(Context context, RecurrentCell cell, Tensor input, Selection steps, Tensor initial, bool isReverse, out Tensor last)
    {
        (int samples, int count) = (input.Shape[0], input.Shape[1]);
        Tensor fromInput = cell.FromInput(context, input);
        Tensor none = steps.IsAll ? default : context.Workspace.RentZeros(new Shape(samples, cell.Units));
        last = initial.Exists ? initial : context.Workspace.RentZeros(new Shape(samples, cell.StateWidth));
        Tensor[] states = new Tensor[count];
        for (int step = 0; step < count; step++)
        {
            int time = isReverse ? count - 1 - step : step;
            Tensor next = cell.Step(context, StepRows.Of(context, fromInput, time), last);
            Tensor hidden = cell.HiddenOf(context, next);
            if (!steps.IsAll)
            {
                Tensor mask = StepRows.MaskAt(context, steps, samples, time);
                next = context.Blend(mask, next, last);
                hidden = context.Blend(mask, hidden, none);
            }

            last = next;
            states[time] = hidden.Reshape(new Shape(samples, 1, cell.Units));
        }

        return count == 1 ? states[0] : context.Concat(1, states);
    }

    private readonly struct CellStep(RecurrentCell cell) : ISequenceStep
    {
        public Tensor Take(Context context, WorkspaceScope turn, Tensor input, Tensor state, Selection rows, int time) => cell.Step(context, input, state);
    }
}
