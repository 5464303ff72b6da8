using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>One vector of a sequence: [N, T, C] to [N, C], the mean, the maximum, the first or the last over the steps that a sample has.</summary>
/// <param name="kind">Which.</param>
public sealed class SequencePooling(SequencePoolingKind kind) : Layer
{
    /// <summary>Which one.</summary>
    public SequencePoolingKind Kind { get; } = kind;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[1] > 0
        ? new Shape(input[0], input[2])
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, channels] with at least one step.", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => 0;

    /// <summary>Pools over the steps that each sample has.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, C].</param>
    /// <param name="steps">A row a sample over T, none of them empty; none: all.</param>
    /// <returns>[N, C]; a sample gets the bits that it has without padding.</returns>
    /// <exception cref="ArgumentException">The steps do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection steps)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = OutputShape(input.Shape);
        StepRows.Check(steps, input.Shape);
        if (context.Records(input))
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            return scope.Keep(Recorded(context, input, steps));
        }

        Tensor output = context.Workspace.RentZeros(shape);
        (int length, int width) = (input.Shape[1], shape[1]);
        for (int n = 0; n < shape[0]; n++)
        {
            int count = steps.IsAll ? length : steps.RowCount(n);
            Span<float> to = output.Span.Slice(n * width, width);
            int from = Kind == SequencePoolingKind.Last ? count - 1 : 0;
            int until = Kind == SequencePoolingKind.First ? 1 : count;
            for (int i = from; i < until; i++)
            {
                int time = steps.IsAll ? i : steps.Row(n)[i];
                Add(input.Span.Slice(((n * length) + time) * width, width), to, isFirst: i == from);
            }

            if (Kind == SequencePoolingKind.Mean)
            {
                float factor = 1f / count;
                foreach (ref float value in to)
                {
                    value *= factor;
                }
            }
        }

        return output;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);

    private void Add(ReadOnlySpan<float> step, Span<float> to, bool isFirst)
    {
        if (isFirst)
        {
            step.CopyTo(to);
            return;
        }

        for (int c = 0; c < to.Length; c++)
        {
            to[c] = Kind == SequencePoolingKind.Mean ? to[c] + step[c] : MathF.Max(to[c], step[c]);
        }
    }

    private Tensor Recorded(Context context, Tensor input, Selection steps)
    {
        (int samples, int length, int width) = (input.Shape[0], input.Shape[1], input.Shape[2]);
        if (Kind is SequencePoolingKind.First or SequencePoolingKind.Last)
        {
            int[] rows = new int[samples];
            for (int n = 0; n < samples; n++)
            {
                int place = Kind == SequencePoolingKind.First ? 0 : (steps.IsAll ? length : steps.RowCount(n)) - 1;
                rows[n] = (n * length) + (steps.IsAll ? place : steps.Row(n)[place]);
            }

            return context.GatherRows(input.Reshape(new Shape(samples * length, width)), rows);
        }

        if (steps.IsAll)
        {
            return Kind == SequencePoolingKind.Mean ? context.Mean(input, 1) : context.Max(input, 1);
        }

        if (Kind == SequencePoolingKind.Maximum)
        {
            // ln 1 = 0 where a step counts, ln 0 = −∞ where it does not.
            Tensor shift = context.Log(context.MaskOf(steps)).Reshape(new Shape(samples, length, 1));
            return context.Max(context.Add(input, shift), 1);
        }

        Tensor weights = context.Workspace.Rent(new Shape(samples, length, 1));
        Tensor mask = context.MaskOf(steps);
        for (int i = 0; i < weights.Count; i++)
        {
            weights.Span[i] = mask.Span[i] / steps.RowCount(i / length);
        }

        return context.Sum(context.Multiply(input, weights), 1);
    }
}
