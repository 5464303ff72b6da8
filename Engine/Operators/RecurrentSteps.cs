using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Kernels.Recurrent;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// All steps of a recurrent layer for inference: between two products nothing is copied or rented. The bits are those of <see cref="LstmOperator"/> and
/// <see cref="GruOperator"/> step by step.
/// </summary>
public static class RecurrentSteps
{
    /// <summary>Takes an LSTM along sequences.</summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="inputGates">W_ih · x + b_ih of all steps, [N, T, 4 · H].</param>
    /// <param name="hiddenWeight">W_hh, packed from [4 · H, H].</param>
    /// <param name="hiddenBias">b_hh, [4 · H]; none: zeros.</param>
    /// <param name="state">h and behind it c, [N, 2 · H]: before the first step, on return after the last one.</param>
    /// <param name="output">Gets h after each step, [N, T, H].</param>
    /// <param name="isReverse">Whether the last step comes first; outputs stand at their inputs' places.</param>
    /// <exception cref="ArgumentException">The shapes do not fit; nothing has been written.</exception>
    /// <exception cref="InvalidOperationException">A tape records.</exception>
    public static void LstmSteps(
        this Context context, Tensor inputGates, PackedWeight hiddenWeight, Tensor hiddenBias, Tensor state, Tensor output, bool isReverse = false) =>
        Run(context, inputGates, hiddenWeight, hiddenBias, state, output, isReverse, gates: 4);

    /// <summary>Takes a GRU along sequences.</summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="inputGates">W_ih · x + b_ih of all steps, [N, T, 3 · H].</param>
    /// <param name="hiddenWeight">W_hh, packed from [3 · H, H].</param>
    /// <param name="hiddenBias">b_hh, [3 · H]; none: zeros.</param>
    /// <param name="state">h, [N, H]: before the first step, on return after the last one.</param>
    /// <param name="output">Gets h after each step, [N, T, H].</param>
    /// <param name="isReverse">Whether the last step comes first; outputs stand at their inputs' places.</param>
    /// <exception cref="ArgumentException">The shapes do not fit; nothing has been written.</exception>
    /// <exception cref="InvalidOperationException">A tape records.</exception>
    public static void GruSteps(
        this Context context, Tensor inputGates, PackedWeight hiddenWeight, Tensor hiddenBias, Tensor state, Tensor output, bool isReverse = false) =>
        Run(context, inputGates, hiddenWeight, hiddenBias, state, output, isReverse, gates: 3);

    private static void Run(
        Context context, Tensor inputGates, PackedWeight hiddenWeight, Tensor hiddenBias, Tensor state, Tensor output, bool isReverse, int gates)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(hiddenWeight);
        if (context.Tape is not null)
        {
            throw new InvalidOperationException("Steps of a recurrent layer that leave nothing for gradients were asked for while a tape records.");
        }

        (int units, int width) = Check(inputGates, hiddenWeight, hiddenBias, state, output, gates);
        (int samples, int count) = (inputGates.Shape[0], inputGates.Shape[1]);
        MultiplyShape shape = new(samples, units, width) { LeftStride = state.Shape[1] };
        Tensor sums = context.Workspace.Rent(new Shape(samples, width));
        Tensor scratch = context.Workspace.Rent(new Shape(PackedMultiply.ScratchLength));
        ReadOnlySpan<float> bias = hiddenBias.Exists ? hiddenBias.Span : default;
        ReadOnlySpan<float> fromInput = inputGates.Span;
        Span<float> states = state.Span;
        Span<float> results = output.Span;
        Epilogue none = default;
        for (int step = 0; step < count; step++)
        {
            context.ThrowIfCancelled();
            int time = isReverse ? count - 1 - step : step;

            // To and fro: what of the weights the last step used last is still near.
            PackedMultiply.Multiply(in shape, states, hiddenWeight.Panels.Span, sums.Span, in none, scratch.Span, isBackward: (step & 1) != 0);
            for (int n = 0; n < samples; n++)
            {
                ReadOnlySpan<float> own = fromInput.Slice(((n * count) + time) * width, width);
                ReadOnlySpan<float> hidden = sums.Span.Slice(n * width, width);
                Span<float> row = states.Slice(n * state.Shape[1], state.Shape[1]);
                if (gates == 4)
                {
                    LstmStep.Advance(own, hidden, bias, row[units..], row[..units]);
                }
                else
                {
                    GruStep.Advance(own, hidden, bias, row);
                }

                row[..units].CopyTo(results.Slice(((n * count) + time) * units, units));
            }

            context.Count(samples, (long)width * units, (long)width * units);
        }

        context.Workspace.Recycle(scratch.Storage);
        context.Workspace.Recycle(sums.Storage);
    }

    private static (int Units, int Width) Check(Tensor inputGates, PackedWeight hiddenWeight, Tensor hiddenBias, Tensor state, Tensor output, int gates)
    {
        Shape sequence = inputGates.Shape;
        if (sequence.Rank != 3 || sequence[2] % gates != 0)
        {
            throw new ArgumentException($"The input's gates have shape {sequence}; expected [N, T, {gates} · H].", nameof(inputGates));
        }

        int units = sequence[2] / gates;
        Shape stateShape = new(sequence[0], gates == 4 ? 2 * units : units);
        if (state.Shape != stateShape || output.Shape != sequence.With(2, units))
        {
            throw new ArgumentException($"The state has shape {state.Shape} and the output {output.Shape}; expected {stateShape} and {sequence.With(2, units)}.", nameof(state));
        }

        if (hiddenBias.Exists && hiddenBias.Shape != new Shape(sequence[2]))
        {
            throw new ArgumentException($"The bias has shape {hiddenBias.Shape}; expected [{sequence[2]}].", nameof(hiddenBias));
        }

        hiddenWeight.CheckFits(new(units, sequence[2], 1, 1, 1, 1));
        return (units, sequence[2]);
    }
}
