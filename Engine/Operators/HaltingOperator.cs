using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Adaptive computation time (Graves, "Adaptive computation time for recurrent neural networks", 2016, section 2; for every pixel: Figurnov et al.,
/// "Spatially adaptive computation time for residual networks", CVPR 2017). A unit — a sample, or a pixel — halts at the first step N where the sum of its
/// scores h reaches 1 − ε, and at the last step anyway. Its output is Σ_{t&lt;N} h_t·s_t + R·s_N with the remainder R = 1 − Σ_{t&lt;N} h_t, and its ponder
/// cost N + R, of which only R has a gradient.
/// </summary>
public static class HaltingOperator
{
    /// <summary>The weighted mean of the states of all steps. No MACs are counted.</summary>
    /// <param name="context">The context.</param>
    /// <param name="scores">h for each step but the last, whose score decides nothing and may be left out: [N] for samples, [N, H, W] or [N, H, W, 1] for pixels.</param>
    /// <param name="states">s for each step, at least one, all of one shape: the units', and what each holds.</param>
    /// <param name="epsilon">ε, from 0 to 1, exclusive.</param>
    /// <param name="ponder">N + R, of the scores' shape; with a single step, of the states' first extent.</param>
    /// <param name="weights">The weight of each step for each unit, [steps, units]; 0 after the unit has halted. Not differentiable.</param>
    /// <param name="steps">N, as many as there are units, as numbers. Not differentiable.</param>
    /// <returns>The output, of a state's shape.</returns>
    /// <exception cref="ArgumentException">Shapes or numbers do not fit.</exception>
    public static Tensor Halt(this Context context, ReadOnlySpan<Tensor> scores, ReadOnlySpan<Tensor> states, float epsilon, out Tensor ponder, out Tensor weights, out Tensor steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape unitShape = Check(scores, states, epsilon);
        int units = unitShape.Count;
        Shape shape = states[0].Shape;
        int width = units == 0 ? 0 : shape.Count / units;
        Tensor output = context.Workspace.Rent(shape);
        ponder = context.Workspace.Rent(unitShape);
        steps = context.Workspace.Rent(new Shape(units));
        weights = context.Workspace.RentZeros(new Shape(states.Length, units));
        for (int unit = 0; unit < units; unit++)
        {
            float sum = 0;
            int step = 0;
            bool halts;
            do
            {
                bool isLast = step == states.Length - 1;
                halts = HaltingKernel.Step(ref sum, isLast ? 0 : scores[step].Span[unit], isLast, epsilon, out float weight);
                weights.Span[(step * units) + unit] = weight;
                HaltingKernel.Accumulate(weight, states[step].Span.Slice(unit * width, width), output.Span.Slice(unit * width, width), step == 0);
                step++;
            }
            while (!halts);

            steps.Span[unit] = step;
            ponder.Span[unit] = step + (1 - sum);
        }

        if (Records(context, scores) || Records(context, states))
        {
            context.Tape!.Record(new Entry(scores[..Math.Min(scores.Length, states.Length - 1)].ToArray(), states.ToArray(), weights, steps, output, ponder));
        }

        return output;
    }

    private static bool Records(Context context, ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            if (context.Records(tensor))
            {
                return true;
            }
        }

        return false;
    }

    private static Shape Check(ReadOnlySpan<Tensor> scores, ReadOnlySpan<Tensor> states, float epsilon)
    {
        if (states.Length == 0 || (scores.Length != states.Length && scores.Length != states.Length - 1))
        {
            throw new ArgumentException($"{scores.Length} scores were given for {states.Length} states; expected at least one state, and a score for each but the last.", nameof(scores));
        }

        if (!(epsilon is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Expected 0 or more, and less than 1.");
        }

        Shape state = states[0].Shape;
        foreach (Tensor other in states)
        {
            if (other.Shape != state || state.Rank == 0)
            {
                throw new ArgumentException($"States have shapes {state} and {other.Shape}; expected one shape [N, …].", nameof(states));
            }
        }

        Shape unit = scores.Length == 0 ? new Shape(state[0]) : scores[0].Shape;
        int rank = unit.Rank > 1 && unit[-1] == 1 ? unit.Rank - 1 : unit.Rank;
        bool fits = rank > 0 && rank <= state.Rank;
        for (int axis = 0; fits && axis < rank; axis++)
        {
            fits = unit[axis] == state[axis];
        }

        foreach (Tensor score in scores)
        {
            if (!fits || score.Shape != unit)
            {
                throw new ArgumentException($"Scores have shape {score.Shape} for states of {state}; expected the same first extents, and one shape for all.", nameof(scores));
            }
        }

        return unit;
    }

    private sealed class Entry(Tensor[] scores, Tensor[] states, Tensor weights, Tensor steps, Tensor output, Tensor ponder) : TapeEntry(output, ponder)
    {
        public override void Backward(Gradients gradients)
        {
            ReadOnlySpan<float> outer = gradients.Of(output).Span;
            ReadOnlySpan<float> ponderGradient = gradients.Of(ponder).Span;
            int units = ponderGradient.Length;
            int width = units == 0 ? 0 : outer.Length / units;
            GiveStates(gradients, outer, units, width);
            for (int step = 0; step < scores.Length; step++)
            {
                if (!Gradients.Flows(scores[step]))
                {
                    continue;
                }

                Span<float> target = gradients.Into(scores[step], out bool accumulate).Span;
                for (int unit = 0; unit < units; unit++)
                {
                    int last = (int)steps.Span[unit] - 1;
                    float slope = 0;
                    if (step < last)
                    {
                        // h raises this step's weight and lowers the remainder, which is the last step's weight and part of the ponder cost.
                        ReadOnlySpan<float> direction = outer.Slice(unit * width, width);
                        double own = HaltingKernel.Dot(direction, states[step].Span.Slice(unit * width, width));
                        double rest = HaltingKernel.Dot(direction, states[last].Span.Slice(unit * width, width));
                        slope = (float)(own - rest - ponderGradient[unit]);
                    }

                    target[unit] = accumulate ? target[unit] + slope : slope;
                }
            }
        }

        private void GiveStates(Gradients gradients, ReadOnlySpan<float> outer, int units, int width)
        {
            for (int step = 0; step < states.Length; step++)
            {
                if (!Gradients.Flows(states[step]))
                {
                    continue;
                }

                Span<float> target = gradients.Into(states[step], out bool accumulate).Span;
                for (int unit = 0; unit < units; unit++)
                {
                    BlendKernel.Backward(weights.Span[(step * units) + unit], outer.Slice(unit * width, width), target.Slice(unit * width, width), accumulate);
                }
            }
        }
    }
}
