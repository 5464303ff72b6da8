using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Recurrent;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The GRU with PyTorch's gate order r, z, n: a step, and a layer over a sequence.</summary>
public static class GruOperator
{
    /// <summary>One step: r = σ(xr + hr), z = σ(xz + hz), n = tanh(xn + r·hn), h′ = (1 − z)·n + z·h.</summary>
    /// <param name="context">The context.</param>
    /// <param name="inputGates">[N, 3 · H]: W_ih · x + b_ih.</param>
    /// <param name="hiddenGates">[N, 3 · H]: W_hh · h + b_hh.</param>
    /// <param name="hidden">h, [N, H].</param>
    /// <returns>h′, [N, H].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor GruCell(this Context context, Tensor inputGates, Tensor hiddenGates, Tensor hidden)
    {
        Shape expected = hidden.Shape.Rank == 2 ? hidden.Shape.With(1, checked(3 * hidden.Shape[1])) : default;
        if (hidden.Shape.Rank != 2 || inputGates.Shape != expected || hiddenGates.Shape != expected)
        {
            throw new ArgumentException($"The gates have shapes {inputGates.Shape} and {hiddenGates.Shape} for a hidden state of {hidden.Shape}; expected [N, 3 · H] twice and [N, H].", nameof(inputGates));
        }

        Tensor gates = context.Workspace.Rent(expected);
        Tensor newHidden = context.Workspace.Rent(hidden.Shape);
        for (int n = 0; n < hidden.Shape[0]; n++)
        {
            GruStep.Forward(LstmOperator.Row(inputGates, n), LstmOperator.Row(hiddenGates, n), LstmOperator.Row(hidden, n), LstmOperator.Row(gates, n), LstmOperator.Row(newHidden, n));
        }

        if (context.Records(inputGates) || context.Records(hiddenGates) || context.Records(hidden))
        {
            context.Tape!.Record(new Entry(context, inputGates, hiddenGates, hidden, gates, newHidden));
        }
        else
        {
            context.Workspace.Recycle(gates);
        }

        return newHidden;
    }

    /// <summary>One layer over a sequence, in one direction.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, I].</param>
    /// <param name="hidden">The state before the first step, [N, H]; none: zeros.</param>
    /// <param name="inputWeight">W_ih, [3 · H, I].</param>
    /// <param name="hiddenWeight">W_hh, [3 · H, H].</param>
    /// <param name="inputBias">b_ih, [3 · H]; none: zeros.</param>
    /// <param name="hiddenBias">b_hh, [3 · H]; none: zeros.</param>
    /// <param name="lastHidden">The state after the last step, [N, H].</param>
    /// <param name="reverse">Whether the last time step comes first; outputs stand at their inputs' places.</param>
    /// <returns>The states after each step, [N, T, H].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Gru(
        this Context context,
        Tensor input,
        Tensor hidden,
        Tensor inputWeight,
        Tensor hiddenWeight,
        Tensor inputBias,
        Tensor hiddenBias,
        out Tensor lastHidden,
        bool reverse = false)
    {
        SequenceSteps steps = new(context, input, hiddenWeight, 3);
        lastHidden = steps.StateOrZeros(hidden);
        Tensor inputGates = context.Linear(input, inputWeight, inputBias);
        HiddenProduct product = new(context, hiddenWeight, hiddenBias, steps.Count);
        for (int step = 0; step < steps.Count; step++)
        {
            int time = reverse ? steps.Count - 1 - step : step;
            Tensor fromInput = steps.At(inputGates, time);
            Tensor fromHidden = product.Of(lastHidden);
            Tensor newHidden = context.GruCell(fromInput, fromHidden, lastHidden);
            context.Workspace.Recycle(fromInput);
            context.Workspace.Recycle(fromHidden);
            if (step > 0)
            {
                context.Workspace.Recycle(lastHidden);
            }

            lastHidden = newHidden;
            steps.Set(time, newHidden);
        }

        product.End();
        context.Workspace.Recycle(inputGates);
        return steps.Join();
    }

    private sealed class Entry(Context context, Tensor inputGates, Tensor hiddenGates, Tensor hidden, Tensor gates, Tensor newHidden) : TapeEntry(newHidden)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(newHidden);
            Tensor inputGradient = context.Workspace.Rent(gates.Shape);
            Tensor gateGradient = context.Workspace.Rent(gates.Shape);
            Tensor hiddenGradient = context.Workspace.Rent(hidden.Shape);
            for (int n = 0; n < hidden.Shape[0]; n++)
            {
                GruStep.Backward(
                    LstmOperator.Row(gates, n),
                    LstmOperator.Row(hiddenGates, n),
                    LstmOperator.Row(hidden, n),
                    LstmOperator.Row(gradient, n),
                    LstmOperator.Row(inputGradient, n),
                    LstmOperator.Row(gateGradient, n),
                    LstmOperator.Row(hiddenGradient, n));
            }

            SequenceSteps.Give(context, gradients, inputGates, inputGradient);
            SequenceSteps.Give(context, gradients, hiddenGates, gateGradient);
            SequenceSteps.Give(context, gradients, hidden, hiddenGradient);
            context.Workspace.Recycle(inputGradient.Storage);
            context.Workspace.Recycle(gateGradient.Storage);
            context.Workspace.Recycle(hiddenGradient.Storage);
        }
    }
}
