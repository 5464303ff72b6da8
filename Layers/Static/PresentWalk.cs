using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Goes along a batch of sequences of unequal lengths at inference: each step is taken for the samples that have it, side by side, and costs the others nothing.</summary>
internal static class PresentWalk
{
    /// <summary>Takes all steps.</summary>
    /// <typeparam name="T">A structure, so that nothing is allocated for it.</typeparam>
    /// <param name="context">The context.</param>
    /// <param name="step">What is done at each step.</param>
    /// <param name="input">[N, T, width].</param>
    /// <param name="steps">The steps of each sample, a row a sample over T; none: all.</param>
    /// <param name="state">The state, [N, state width], which is written in place.</param>
    /// <param name="output">Gets the first elements of the state after each step, [N, T, H]; left as it is where a sample has no step.</param>
    /// <param name="macs">What a step would have cost a sample that has none.</param>
    /// <param name="isReverse">Whether the last step comes first.</param>
    public static void Run<T>(Context context, T step, Tensor input, Selection steps, Tensor state, Tensor output, long macs, bool isReverse = false)
        where T : struct, ISequenceStep
    {
        (int samples, int count, int units) = (input.Shape[0], input.Shape[1], output.Shape[2]);
        Selection outer = context.Samples;
        try
        {
            for (int i = 0; i < count; i++)
            {
                using WorkspaceScope turn = context.Workspace.Enter();
                int time = isReverse ? count - 1 - i : i;
                context.Samples = outer;
                Selection rows = StepRows.At(context, steps, samples, time);
                StepRows.CountOthers(context, rows, samples, macs);
                if (rows.IsEmpty)
                {
                    continue;
                }

                Tensor x = context.GatherSamples(StepRows.Of(context, input, time), rows);
                Tensor before = context.GatherSamples(state, rows);
                context.Samples = rows.IsAll ? outer : context.Workspace.Nest(outer, rows);
                Tensor next = step.Take(context, turn, x, before, rows, time);
                StepRows.Put(next, rows, state, 0, state.Shape[1]);
                StepRows.Put(next, rows, output, time * units, units);
            }
        }
        finally
        {
            context.Samples = outer;
        }
    }
}
