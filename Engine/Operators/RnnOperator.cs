using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The plain recurrent network (Elman, "Finding structure in time", 1990): h′ = f(W_ih·x + b_ih + W_hh·h + b_hh) with f = tanh or ReLU. Built from other operators.</summary>
public static class RnnOperator
{
    /// <summary>One step: h′ = f(what the input contributes + what the hidden state contributes).</summary>
    /// <param name="context">The context.</param>
    /// <param name="inputSums">[N, H]: W_ih · x + b_ih.</param>
    /// <param name="hiddenSums">[N, H]: W_hh · h + b_hh.</param>
    /// <param name="isRelu">Whether f is ReLU rather than tanh.</param>
    /// <returns>h′, [N, H].</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor RnnCell(this Context context, Tensor inputSums, Tensor hiddenSums, bool isRelu = false)
    {
        if (inputSums.Shape.Rank != 2 || inputSums.Shape != hiddenSums.Shape)
        {
            throw new ArgumentException($"The sums have shapes {inputSums.Shape} and {hiddenSums.Shape}; expected [N, H] twice.", nameof(hiddenSums));
        }

        Tensor sums = context.Add(inputSums, hiddenSums);
        Tensor hidden = isRelu ? context.Relu(sums) : context.Tanh(sums);
        context.Workspace.Recycle(sums);
        return hidden;
    }

    /// <summary>One layer over a sequence, in one direction.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, I].</param>
    /// <param name="hidden">The state before the first step, [N, H]; none: zeros.</param>
    /// <param name="inputWeight">W_ih, [H, I].</param>
    /// <param name="hiddenWeight">W_hh, [H, H].</param>
    /// <param name="inputBias">b_ih, [H]; none: zeros.</param>
    /// <param name="hiddenBias">b_hh, [H]; none: zeros.</param>
    /// <param name="lastHidden">The state after the last step, [N, H].</param>
    /// <param name="reverse">Whether the last time step comes first; outputs stand at their inputs' places.</param>
    /// <param name="isRelu">Whether f is ReLU rather than tanh.</param>
    /// <returns>The states after each step, [N, T, H].</returns>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Tensor Rnn(
        this Context context,
        Tensor input,
        Tensor hidden,
        Tensor inputWeight,
        Tensor hiddenWeight,
        Tensor inputBias,
        Tensor hiddenBias,
        out Tensor lastHidden,
        bool reverse = false,
        bool isRelu = false)
    {
        SequenceSteps steps = new(context, input, hiddenWeight, 1);
        lastHidden = steps.StateOrZeros(hidden);
        Tensor inputSums = context.Linear(input, inputWeight, inputBias);
        HiddenProduct product = new(context, hiddenWeight, hiddenBias, steps.Count);
        for (int step = 0; step < steps.Count; step++)
        {
            int time = reverse ? steps.Count - 1 - step : step;
            Tensor fromInput = steps.At(inputSums, time);
            Tensor fromHidden = product.Of(lastHidden);
            Tensor newHidden = context.RnnCell(fromInput, fromHidden, isRelu);
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
        context.Workspace.Recycle(inputSums);
        return steps.Join();
    }
}
