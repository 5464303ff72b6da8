using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Noise that turns a soft decision into a random one, looked up by step, sample and element. With u uniform in (0, 1), −ln(−ln u) is Gumbel
/// distributed, and ln u − ln(1 − u), the difference of two such, logistic (Jang, Gu and Poole, "Categorical reparameterization with
/// Gumbel-softmax", ICLR 2017; Maddison, Mnih and Teh, "The concrete distribution", ICLR 2017).
/// </summary>
public static class GumbelNoise
{
    // Half the distance of two uniform numbers: keeps both logarithms finite.
    private const double Half = 1.0 / (1 << 25);

    /// <summary>Gumbel noise for a batch.</summary>
    /// <param name="context">Its step and samples say which numbers.</param>
    /// <param name="shape">[N, …].</param>
    /// <param name="stream">The stream of the decision.</param>
    public static Tensor RentGumbel(this Context context, Shape shape, RandomStream stream) => Rent(context, shape, stream, isLogistic: false);

    /// <summary>Logistic noise for a batch.</summary>
    /// <param name="context">Its step and samples say which numbers.</param>
    /// <param name="shape">[N, …].</param>
    /// <param name="stream">The stream of the decision.</param>
    public static Tensor RentLogistic(this Context context, Shape shape, RandomStream stream) => Rent(context, shape, stream, isLogistic: true);

    private static Tensor Rent(Context context, Shape shape, RandomStream stream, bool isLogistic)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (shape.Rank < 1)
        {
            throw new ArgumentException($"Noise was asked for in shape {shape}; expected [N, …].", nameof(shape));
        }

        Tensor noise = context.Workspace.Rent(shape);
        int length = shape.ProductFrom(1);
        for (int row = 0; row < shape[0]; row++)
        {
            Span<float> values = noise.Span.Slice(row * length, length);
            stream.FillUniform(values, context.Step, context.SampleOf(row));
            foreach (ref float value in values)
            {
                double uniform = value + Half;
                value = (float)(isLogistic ? Math.Log(uniform) - Math.Log(1 - uniform) : -Math.Log(-Math.Log(uniform)));
            }
        }

        return noise;
    }
}
