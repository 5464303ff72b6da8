using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.TemporalWise.Text;

/// <summary>How the wish to update grows from step to step in a Skip RNN (Campos et al., ICLR 2018, equations 2 to 5).</summary>
internal static class SkipUpdate
{
    /// <summary>c′ = u·Δ + (1 − u)·(c + min(Δ, 1 − c)).</summary>
    /// <param name="context">The context.</param>
    /// <param name="update">u, 0 or 1, of any shape.</param>
    /// <param name="wish">c.</param>
    /// <param name="increment">Δ.</param>
    public static Tensor Next(Context context, Tensor update, Tensor wish, Tensor increment)
    {
        Tensor grown = context.Add(wish, context.Minimum(increment, context.Affine(wish, -1, 1)));
        return context.Add(context.Multiply(update, increment), context.Multiply(context.Affine(update, -1, 1), grown));
    }

    /// <summary>The same for one sample at inference, with the same bits.</summary>
    public static float Next(bool updates, float wish, float increment)
    {
        float left = (-1 * wish) + 1;
        return updates ? increment : wish + (increment < left ? increment : left);
    }
}
