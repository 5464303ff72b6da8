using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Recurrent;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The LSTM with PyTorch's gate order i, f, g, o: a step, and a layer over a sequence.</summary>
public static class LstmOperator
{
    /// <summary>One step: c′ = σ(f)·c + σ(i)·tanh(g), h′ = σ(o)·tanh(c′), with the gates the sum of what input and hidden state contribute.</summary>
    /// <param name="context">The context.</param>
    /// <param name="inputGates">[N, 4 · H]: W_ih · x + b_ih.</param>
    /// <param name="hiddenGates">[N, 4 · H]: W_hh · h + b_hh.</param>
    /// <param name="cell">c, [N, H].</param>
    /// <param name="newCell">c′, [N, H].</param>
    /// <returns>h′, [N, H].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor LstmCell(this Context context, Tensor inputGates, Tensor hiddenGates, Tensor cell, out Tensor newCell)
    {
        Shape expected = cell.Shape.Rank == 2 ? cell.Shape.With(1, checked(4 * cell.Shape[1])) : default;
        if (cell.Shape.Rank != 2 || inputGates.Shape != expected || hiddenGates.Shape != expected)
        {
            throw new ArgumentException($"The gates have shapes {inputGates.Shape} and {hiddenGates.Shape} for a cell of {cell.Shape}; expected [N, 4 · H] twice and [N, H].", nameof(inputGates));
        }

        Tensor gates = context.Workspace.Rent(expected);
        newCell = context.Workspace.Rent(cell.Shape);
        Tensor hidden = context.Workspace.Rent(cell.Shape);
        for (int n = 0; n < cell.Shape[0]; n++)
        {
            LstmStep.Forward(Row(inputGates, n), Row(hiddenGates, n), Row(cell, n), Row(gates, n), Row(newCell, n), Row(hidden, n));
        }

        if (context.Records(inputGates) || context.Records(hiddenGates) || context.Records(cell))
        {
            context.Tape!.Record(new Entry(context, inputGates, hiddenGates, cell, gates, newCell, hidden));
        }
        else
        {
            context.Workspace.Recycle(gates);
        }

        return hidden;
    }

    /// <summary>One layer over a sequence, in one direction.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, I].</param>
    /// <param name="hidden">The state before the first step, [N, H]; none: zeros.</param>
    /// <param name="cell">The cell before the first step, [N, H]; none: zeros.</param>
    /// <param name="inputWeight">W_ih, [4 · H, I].</param>
    /// <param name="hiddenWeight">W_hh, [4 · H, H].</param>
    /// <param name="inputBias">b_ih, [4 · H]; none: zeros.</param>
    /// <param name="hiddenBias">b_hh, [4 · H]; none: zeros.</param>
    /// <param name="lastHidden">The state after the last step, [N, H].</param>
    /// <param name="lastCell">The cell after the last step, [N, H].</param>
    /// <param name="reverse">Whether the last time step comes first; outputs stand at their inputs' places.</param>
    /// <returns>The states after each step, [N, T, H].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Lstm(
        this Context context,
        Tensor input,
        Tensor hidden,
        Tensor cell,
        Tensor inputWeight,
        Tensor hiddenWeight,
        Tensor inputBias,
        Tensor hiddenBias,
        out Tensor lastHidden,
        out Tensor lastCell,
        bool reverse = false)
    {
        SequenceSteps steps = new(context, input, hiddenWeight, 4);
        lastHidden = steps.StateOrZeros(hidden);
        lastCell = steps.StateOrZeros(cell);
        Tensor inputGates = context.Linear(input, inputWeight, inputBias);
        HiddenProduct product = new(context, hiddenWeight, hiddenBias, steps.Count);
        for (int step = 0; step < steps.Count; step++)
        {
            int time = reverse ? steps.Count - 1 - step : step;
            Tensor fromInput = steps.At(inputGates, time);
            Tensor fromHidden = product.Of(lastHidden);
            Tensor newHidden = context.LstmCell(fromInput, fromHidden, lastCell, out Tensor newCell);
            context.Workspace.Recycle(fromInput);
            context.Workspace.Recycle(fromHidden);
            if (step > 0)
            {
                context.Workspace.Recycle(lastHidden);
                context.Workspace.Recycle(lastCell);
            }

            lastHidden = newHidden;
            lastCell = newCell;
            steps.Set(time, newHidden);
        }

        product.End();
        context.Workspace.Recycle(inputGates);
        return steps.Join();
    }

    internal static Span<float> Row(Tensor tensor, int row)
    {
        int width = tensor.Shape[1];
        return tensor.Span.Slice(row * width, width);
    }

    private sealed class Entry(Context context, Tensor inputGates, Tensor hiddenGates, Tensor cell, Tensor gates, Tensor newCell, Tensor hidden)
        : TapeEntry(newCell, hidden)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor newCellGradient = gradients.Of(newCell);
            Tensor hiddenGradient = gradients.Of(hidden);
            Tensor gateGradient = context.Workspace.Rent(gates.Shape);
            Tensor cellGradient = context.Workspace.Rent(cell.Shape);
            for (int n = 0; n < cell.Shape[0]; n++)
            {
                LstmStep.Backward(Row(gates, n), Row(cell, n), Row(newCell, n), Row(newCellGradient, n), Row(hiddenGradient, n), Row(gateGradient, n), Row(cellGradient, n));
            }

            SequenceSteps.Give(context, gradients, inputGates, gateGradient);
            SequenceSteps.Give(context, gradients, hiddenGates, gateGradient);
            SequenceSteps.Give(context, gradients, cell, cellGradient);
            context.Workspace.Recycle(gateGradient.Storage);
            context.Workspace.Recycle(cellGradient.Storage);
        }
    }
}
