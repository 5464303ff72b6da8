using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>Losses of logits, the mean over the batch: cross-entropy with label smoothing, and distillation from other logits.</summary>
internal static class ClassificationLoss
{
    /// <summary>−mean Σ_c t_c·log softmax(z)_c with t = (1 − ε)·[c = label] + ε/classes.</summary>
    public static Tensor CrossEntropy(Context context, Tensor logits, ReadOnlySpan<int> labels, float smoothing)
    {
        int rows = logits.Shape[0];
        int classes = logits.Shape[1];
        if (labels.Length != rows)
        {
            throw new ArgumentException($"{labels.Length} labels were given for {rows} rows of logits.", nameof(labels));
        }

        Tensor targets = context.Workspace.Rent(logits.Shape);
        targets.Span.Fill(smoothing / classes);
        for (int row = 0; row < rows; row++)
        {
            if ((uint)labels[row] >= (uint)classes)
            {
                throw new ArgumentException($"The label of row {row} is {labels[row]}; expected 0 to {classes - 1}.", nameof(labels));
            }

            targets.Span[(row * classes) + labels[row]] += 1 - smoothing;
        }

        return Against(context, logits, targets, 1, isDivergence: false);
    }

    /// <summary>T²·mean KL(softmax(teacher/T) ‖ softmax(student/T)); no gradient flows into the teacher.</summary>
    public static Tensor Distillation(Context context, Tensor student, Tensor teacher, float temperature)
    {
        Tensor targets = context.Workspace.Rent(teacher.Shape);
        int classes = teacher.Shape[1];
        for (int row = 0; row < teacher.Shape[0]; row++)
        {
            Softmax(teacher.Span.Slice(row * classes, classes), temperature, targets.Span.Slice(row * classes, classes));
        }

        return Against(context, student, targets, temperature, isDivergence: true);
    }

    // T²·mean Σ t·(log t − log p); a cross-entropy leaves t·log t out.
    private static Tensor Against(Context context, Tensor logits, Tensor targets, float temperature, bool isDivergence)
    {
        int rows = logits.Shape[0];
        int classes = logits.Shape[1];
        Tensor probabilities = context.Workspace.Rent(logits.Shape);
        double sum = 0;
        for (int row = 0; row < rows; row++)
        {
            Span<float> probability = probabilities.Span.Slice(row * classes, classes);
            double logSum = Softmax(logits.Span.Slice(row * classes, classes), temperature, probability);
            for (int c = 0; c < classes; c++)
            {
                double target = targets.Span[(row * classes) + c];
                double log = ((double)logits.Span[(row * classes) + c] / temperature) - logSum;
                sum += target == 0 ? 0 : target * ((isDivergence ? Math.Log(target) : 0) - log);
            }
        }

        Tensor loss = context.Workspace.Rent(new Shape(1));
        loss.Span[0] = (float)(sum * temperature * temperature / rows);
        if (context.Records(logits))
        {
            context.Tape!.Record(new Entry(logits, targets, probabilities, temperature / rows, loss));
        }

        return loss;
    }

    // Writes the softmax and returns log Σ exp(z/T).
    private static double Softmax(ReadOnlySpan<float> logits, float temperature, Span<float> probabilities)
    {
        float largest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            largest = MathF.Max(largest, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(((double)logit - largest) / temperature);
        }

        double logSum = ((double)largest / temperature) + Math.Log(sum);
        for (int c = 0; c < logits.Length; c++)
        {
            probabilities[c] = (float)Math.Exp(((double)logits[c] / temperature) - logSum);
        }

        return logSum;
    }

    private sealed class Entry(Tensor logits, Tensor targets, Tensor probabilities, float scale, Tensor loss) : TapeEntry(loss)
    {
        private readonly Tensor _loss = loss;

        public override void Backward(Gradients gradients)
        {
            float outer = gradients.Of(_loss).Span[0] * scale;
            Span<float> gradient = gradients.Into(logits, out bool accumulate).Span;
            ReadOnlySpan<float> target = targets.Span;
            ReadOnlySpan<float> probability = probabilities.Span;
            for (int i = 0; i < gradient.Length; i++)
            {
                float value = outer * (probability[i] - target[i]);
                gradient[i] = accumulate ? gradient[i] + value : value;
            }
        }
    }
}
