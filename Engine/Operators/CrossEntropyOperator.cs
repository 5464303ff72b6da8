using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Losses;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Cross-entropy of logits: loss_n = −Σ_c t_nc log softmax(z_n)_c, computed and differentiated in one step, without forming the softmax.
/// </summary>
public static class CrossEntropyOperator
{
    /// <summary>
    /// With labels: t_nc = u_n ((1 − ε) w_y [c = y_n] + ε w_c / C), with row weights u and class weights w. The mean divides by Σ_n u_n w_y, as
    /// PyTorch does; a batch in which no row counts gives 0.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">z, [N, …, C].</param>
    /// <param name="labels">One a row, 0 to C − 1, or the ignored one.</param>
    /// <param name="options">Smoothing, weights, reduction.</param>
    /// <returns>[1], or one loss a row, [N, …], when they stay apart.</returns>
    /// <exception cref="ArgumentException">A label or weight is out of its range, or there are not as many as rows or classes.</exception>
    public static Tensor CrossEntropy(this Context context, Tensor logits, ReadOnlySpan<int> labels, in CrossEntropyOptions options = default)
    {
        LossCheck.Rows(logits, nameof(logits));
        int classes = logits.Shape[-1];
        int rows = logits.Shape.RowCount;
        Check(labels, rows, classes, in options);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor targets = context.Workspace.Rent(logits.Shape);
        double weight = LabelTargets.Fill(
            labels, classes, options.Smoothing, options.RowWeights, options.ClassWeights, options.IgnoredLabel, targets.Span);
        return scope.Keep(Against(context, logits, targets, 1f, LossScale(options.Reduction, weight), options.Reduction, withEntropy: false));
    }

    /// <summary>With given targets, such as mixed labels: the mean over the rows of −Σ_c t_nc log softmax(z_n)_c.</summary>
    /// <param name="context">The context.</param>
    /// <param name="logits">z, [N, …, C].</param>
    /// <param name="targets">t, of the shape of z; finite and not negative. A constant: no gradient flows into it.</param>
    /// <param name="reduction">What becomes of the rows' losses.</param>
    /// <returns>[1], or one loss a row.</returns>
    /// <exception cref="ArgumentException">Shapes differ, or a target is negative or not finite.</exception>
    public static Tensor SoftCrossEntropy(this Context context, Tensor logits, Tensor targets, LossReduction reduction = LossReduction.Mean)
    {
        LossCheck.Rows(logits, nameof(logits));
        LossCheck.Same(logits, targets, nameof(targets));
        LossCheck.Within(targets.Span, 0f, float.MaxValue, "target");
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor kept = context.Workspace.RentCopy(targets.Shape, targets.Span);
        return scope.Keep(Against(context, logits, kept, 1f, LossScale(reduction, logits.Shape.RowCount), reduction, withEntropy: false));
    }

    /// <summary>
    /// Knowledge distillation (Hinton, Vinyals and Dean, 2015): T² · KL(softmax(teacher / T) ‖ softmax(student / T)), the mean over the rows.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="student">Logits, [N, …, C].</param>
    /// <param name="teacher">Logits of the same shape; a constant: no gradient flows into it.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="reduction">What becomes of the rows' losses.</param>
    /// <returns>[1], or one loss a row.</returns>
    /// <exception cref="ArgumentException">Shapes differ, the temperature is not above 0, or a teacher's logit is not finite.</exception>
    public static Tensor Distillation(
        this Context context, Tensor student, Tensor teacher, float temperature, LossReduction reduction = LossReduction.Mean)
    {
        LossCheck.Rows(student, nameof(student));
        LossCheck.Same(student, teacher, nameof(teacher));
        LossCheck.Temperature(temperature);
        LossCheck.Finite(teacher.Span, "teacher's logit");
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor targets = context.Workspace.Rent(teacher.Shape);
        int classes = teacher.Shape[-1];
        for (int row = 0; row < teacher.Shape.RowCount; row++)
        {
            SoftmaxRow.Probabilities(
                teacher.Span.Slice(row * classes, classes), temperature, targets.Span.Slice(row * classes, classes));
        }

        float scale = temperature * temperature * LossScale(reduction, student.Shape.RowCount);
        return scope.Keep(Against(context, student, targets, temperature, scale, reduction, withEntropy: true));
    }

    private static float LossScale(LossReduction reduction, double weight) =>
        reduction != LossReduction.Mean ? 1f : weight == 0 ? 0f : (float)(1 / weight);

    // scale · Σ or each of the rows' −Σ_c t_c log softmax(z / T)_c, plus Σ_c t_c log t_c for a divergence.
    private static Tensor Against(
        Context context, Tensor logits, Tensor targets, float temperature, float scale, LossReduction reduction, bool withEntropy)
    {
        int rows = logits.Shape.RowCount;
        int classes = logits.Shape[-1];
        bool apart = reduction == LossReduction.None;
        Tensor logSums = context.Workspace.Rent(new Shape(Math.Max(1, rows)));
        Tensor losses = context.Workspace.Rent(apart ? LossCheck.RowShape(logits.Shape) : new Shape(Math.Max(1, rows)));
        RowChunks chunks = new(rows, classes);
        context.Workers.Run(chunks.Count, new ForwardWork(logits, targets, temperature, withEntropy, logSums, losses, chunks));
        Tensor output = losses;
        if (apart)
        {
            foreach (ref float loss in losses.Span)
            {
                loss *= scale;
            }
        }
        else
        {
            double sum = 0;
            foreach (float loss in losses.Span[..rows])
            {
                sum += loss;
            }

            output = context.Workspace.Rent(new Shape(1));
            output.Span[0] = (float)(sum * scale);
        }

        if (context.Records(logits))
        {
            context.Tape!.Record(new Entry(context, logits, targets, logSums, temperature, scale, apart, output));
        }

        return output;
    }

    private static void Check(ReadOnlySpan<int> labels, int rows, int classes, in CrossEntropyOptions options)
    {
        if (labels.Length != rows)
        {
            throw new ArgumentException($"{labels.Length} labels were given for {rows} rows of logits.", nameof(labels));
        }

        for (int row = 0; row < rows; row++)
        {
            if (labels[row] != options.IgnoredLabel && (uint)labels[row] >= (uint)classes)
            {
                throw new ArgumentException($"The label of row {row} is {labels[row]}; expected 0 to {classes - 1}.", nameof(labels));
            }
        }

        if (!(options.Smoothing is >= 0f and <= 1f))
        {
            throw new ArgumentException($"The label smoothing is {options.Smoothing}; expected 0 to 1.", nameof(options));
        }

        CheckWeights(options.RowWeights, rows, "row weight");
        CheckWeights(options.ClassWeights, classes, "class weight");
    }

    private static void CheckWeights(ReadOnlySpan<float> weights, int expected, string what)
    {
        if (!weights.IsEmpty && weights.Length != expected)
        {
            throw new ArgumentException($"{weights.Length} values were given as {what}; expected {expected}.");
        }

        LossCheck.Finite(weights, what);
    }

    private readonly struct ForwardWork(
        Tensor logits, Tensor targets, float temperature, bool withEntropy, Tensor logSums, Tensor losses, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int classes = logits.Shape[-1];
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                ReadOnlySpan<float> target = targets.Span.Slice(row * classes, classes);
                losses.Span[row] = CrossEntropyRow.Forward(
                    logits.Span.Slice(row * classes, classes), target, temperature, withEntropy, out float logSum);
                logSums.Span[row] = logSum;
            }
        }
    }

    private sealed class Entry(
        Context context, Tensor logits, Tensor targets, Tensor logSums, float temperature, float scale, bool apart, Tensor output) : TapeEntry(output)
    {
        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(output);
            Tensor target = gradients.Into(logits, out bool accumulate);
            RowChunks chunks = new(logits.Shape.RowCount, logits.Shape[-1]);
            context.Workers.Run(
                chunks.Count, new BackwardWork(logits, targets, logSums, temperature, scale, apart, gradient, target, accumulate, chunks));
        }
    }

    private readonly struct BackwardWork(
        Tensor logits, Tensor targets, Tensor logSums, float temperature, float scale, bool apart, Tensor gradient, Tensor target, bool accumulate,
        RowChunks chunks) : IParallelWork
    {
        public void Execute(int part)
        {
            int classes = logits.Shape[-1];
            for (int row = chunks.From(part); row < chunks.To(part); row++)
            {
                CrossEntropyRow.Backward(
                    logits.Span.Slice(row * classes, classes), targets.Span.Slice(row * classes, classes), temperature, logSums.Span[row],
                    gradient.Span[apart ? row : 0] * scale / temperature, target.Span.Slice(row * classes, classes), accumulate);
            }
        }
    }
}
