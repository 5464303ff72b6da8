using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Batch normalisation over all dimensions but the last (Ioffe and Szegedy, "Batch normalization", ICML 2015), with a ReLU if asked for:
/// y = activation(γ (x − mean) / √(variance + ε) + β), computed as x · scale + shift with what <see cref="BatchNormFold"/> gives.
/// </summary>
public static class BatchNormOperator
{
    /// <summary>
    /// Normalises with the batch's statistics in Train mode, and moves the running ones by momentum (variance unbiased, as PyTorch does); with the
    /// running ones in Evaluate mode. Differentiable in input, γ and β in both modes.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="weight">γ, [C]; no tensor: 1.</param>
    /// <param name="bias">β, [C]; no tensor: 0.</param>
    /// <param name="runningMean">[C]; updated in Train mode.</param>
    /// <param name="runningVariance">[C]; updated in Train mode.</param>
    /// <param name="momentum">The share of the batch in the new running statistics, 0 to 1.</param>
    /// <param name="epsilon">ε, above 0.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="active">
    /// The rows that the batch's statistics are taken over, as skipping will see them: pixels of each sample (a row a sample), or samples (one
    /// row); default: all. All rows are normalised. With fewer than two active rows, or a single one of the samples that a decision sent here, the running statistics are used, and stay.
    /// </param>
    /// <returns>y, of the shape of x.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit; or batch statistics are asked of a single row of a whole batch, and no selection was given.</exception>
    public static Tensor BatchNorm(
        this Context context, Tensor input, Tensor weight, Tensor bias, Tensor runningMean, Tensor runningVariance, float momentum = 0.1f,
        float epsilon = 1e-5f, Activation activation = Activation.None, Selection active = default)
    {
        int channels = CheckShapes(input, weight, bias, runningMean, runningVariance);
        CheckNumbers(momentum, epsilon);
        Storage<int>? rows = context.Mode == Mode.Train ? ActiveRows(context, input, active) : null;
        int count = active.IsAll ? input.Shape.RowCount : active.IsEmpty ? 0 : rows?.Length ?? 0;
        bool takesBatch = context.Mode == Mode.Train && count >= 2;
        if (context.Mode == Mode.Train && !takesBatch && active.IsAll && context.Samples.IsAll)
        {
            throw new ArgumentException($"Batch statistics need at least two rows; the input has shape {input.Shape}.", nameof(input));
        }

        Tensor output = context.Workspace.Rent(input.Shape);

        // Rows: mean, variance, scale, shift.
        Tensor statistics = context.Workspace.Rent(new Shape(4, channels));
        Span<float> mean = statistics.Rows(0, 1).Span;
        Span<float> variance = statistics.Rows(1, 1).Span;
        if (takesBatch)
        {
            TakeStatistics(context, input, rows, count, statistics);
            Move(runningMean.Span, mean, momentum, 1f);
            Move(runningVariance.Span, variance, momentum, count / (count - 1f));
        }
        else
        {
            runningMean.Span.CopyTo(mean);
            runningVariance.Span.CopyTo(variance);
        }

        BatchNormFold.Run(
            weight.Exists ? weight.Span : default, bias.Exists ? bias.Span : default, mean, variance, epsilon, statistics.Rows(2, 1).Span,
            statistics.Rows(3, 1).Span);
        AffineWork work = new(input, statistics.Rows(2, 1), statistics.Rows(3, 1), activation, output);
        context.Workers.Run(work.Parts, in work);
        if (context.Records(input) || context.Records(weight) || context.Records(bias))
        {
            context.Tape!.Record(new BatchNormEntry(
                context, input, weight, bias, statistics, output, epsilon, activation, takesBatch ? count : 0, takesBatch ? rows : null));
        }
        else
        {
            context.Workspace.Recycle(statistics);
        }

        return output;
    }

    /// <summary>Normalises with statistics folded into one scale and one shift a channel: y = activation(x · scale + shift). Not differentiable.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[…, C].</param>
    /// <param name="scale">[C], from <see cref="BatchNormFold"/>.</param>
    /// <param name="shift">[C], from <see cref="BatchNormFold"/>.</param>
    /// <param name="activation">What follows.</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor ScaleShift(this Context context, Tensor input, Tensor scale, Tensor shift, Activation activation = Activation.None)
    {
        _ = CheckShapes(input, scale, shift, scale, shift);
        if (context.Records(input) || context.Records(scale) || context.Records(shift))
        {
            throw new InvalidOperationException("Folded statistics are not recorded on the tape, but one of their operands requires a gradient; use BatchNorm.");
        }

        Tensor output = context.Workspace.Rent(input.Shape);
        AffineWork work = new(input, scale, shift, activation, output);
        context.Workers.Run(work.Parts, in work);
        return output;
    }

    private static void TakeStatistics(Context context, Tensor input, Storage<int>? rows, int count, Tensor statistics)
    {
        int channels = statistics.Shape[1];
        RowChunks chunks = new(count, channels);
        Tensor partials = context.Workspace.Rent(new Shape(chunks.Count, 2, channels));
        context.Workers.Run(chunks.Count, new MomentsWork(input, rows, count, partials, chunks));
        ChannelMoments.Join(partials.Span, channels, in chunks, statistics.Rows(0, 1).Span, statistics.Rows(1, 1).Span);
        context.Workspace.Recycle(partials.Storage);
    }

    private static void Move(Span<float> running, ReadOnlySpan<float> batch, float momentum, float factor)
    {
        for (int c = 0; c < running.Length; c++)
        {
            running[c] = ((1f - momentum) * running[c]) + (momentum * (batch[c] * factor));
        }
    }

    // The selection's rows as rows of [rows, channels]; null: all.
    private static Storage<int>? ActiveRows(Context context, Tensor input, Selection active)
    {
        if (active.IsAll)
        {
            return null;
        }

        int samples = input.Shape[0];
        int perSample = input.Shape.RowCount / Math.Max(1, samples);
        bool bySample = active.Rows == 1 && active.Universe == samples;
        if (!bySample && (active.Rows != samples || active.Universe != perSample))
        {
            throw new ArgumentException(
                $"The active rows are {active}; expected {samples} × {perSample} (pixels) or 1 × {samples} (samples) for an input of shape {input.Shape}.",
                nameof(active));
        }

        if (active.IsEmpty)
        {
            return null;
        }

        int each = bySample ? perSample : 1;
        Storage<int> rows = context.Workspace.RentIntegers(active.Count * each);
        Span<int> list = rows.Slice(0, rows.Length);
        int place = 0;
        for (int row = 0; row < active.Rows; row++)
        {
            foreach (int index in active.Row(row))
            {
                int first = bySample ? index * perSample : (row * perSample) + index;
                for (int i = 0; i < each; i++)
                {
                    list[place++] = first + i;
                }
            }
        }

        return rows;
    }

    private static int CheckShapes(Tensor input, Tensor weight, Tensor bias, Tensor mean, Tensor variance)
    {
        if (input.Shape.Rank < 2 || input.Shape[-1] == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, …, channels].", nameof(input));
        }

        int channels = input.Shape[-1];
        Check(weight, "weight", channels, mayLack: true);
        Check(bias, "bias", channels, mayLack: true);
        Check(mean, "mean", channels, mayLack: false);
        Check(variance, "variance", channels, mayLack: false);
        return channels;
    }

    private static void Check(Tensor tensor, string what, int channels, bool mayLack)
    {
        if (!(mayLack && !tensor.Exists) && tensor.Shape != new Shape(channels))
        {
            throw new ArgumentException($"The {what} of a normalisation has shape {tensor.Shape}; expected [{channels}].", what);
        }
    }

    private static void CheckNumbers(float momentum, float epsilon)
    {
        if (!(momentum is >= 0f and <= 1f))
        {
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "The momentum of a normalisation must be from 0 to 1.");
        }

        if (!(epsilon > 0f && float.IsFinite(epsilon)))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "The epsilon of a normalisation must be above 0.");
        }
    }

    private readonly struct MomentsWork(Tensor input, Storage<int>? rows, int count, Tensor partials, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int channels = partials.Shape[2];
            Span<float> sums = partials.Rows(part, 1).Span;
            ReadOnlySpan<int> list = rows is null ? default : rows.Slice(0, count);
            ChannelMoments.Chunk(input.Span, channels, list, chunks.From(part), chunks.To(part), sums[..channels], sums[channels..]);
        }
    }
}
