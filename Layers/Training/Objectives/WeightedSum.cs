using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>Σ wᵢ·lᵢ of losses, added up in order.</summary>
internal static class WeightedSum
{
    /// <summary>Adds up losses.</summary>
    /// <param name="context">The context.</param>
    /// <param name="losses">One element each.</param>
    /// <param name="weights">As many.</param>
    /// <returns>[1].</returns>
    public static Tensor Compute(Context context, ReadOnlySpan<Tensor> losses, ReadOnlySpan<float> weights)
    {
        Tensor sum = context.Workspace.Rent(new Shape(1));
        float total = 0;
        bool records = false;
        for (int i = 0; i < losses.Length; i++)
        {
            total += weights[i] * losses[i].Span[0];
            records |= context.Records(losses[i]);
        }

        sum.Span[0] = total;
        if (records)
        {
            context.Tape!.Record(new Entry(losses.ToArray(), weights.ToArray(), sum));
        }

        return sum;
    }

    private sealed class Entry(Tensor[] losses, float[] weights, Tensor sum) : TapeEntry(sum)
    {
        private readonly Tensor _sum = sum;

        public override void Backward(Gradients gradients)
        {
            float outer = gradients.Of(_sum).Span[0];
            for (int i = 0; i < losses.Length; i++)
            {
                if (Gradients.Flows(losses[i]))
                {
                    ref float inner = ref gradients.Into(losses[i], out bool accumulate).Span[0];
                    inner = (accumulate ? inner : 0) + (outer * weights[i]);
                }
            }
        }
    }
}
