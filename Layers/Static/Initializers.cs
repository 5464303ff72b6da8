using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Values that training starts from.</summary>
public static class Initializers
{
    /// <summary>
    /// Normal with variance 2 / fan-out, where fan-out is the outputs times the kernel's area, over groups: keeps the variance of gradients in
    /// networks with ReLU (He et al., "Delving Deep into Rectifiers", ICCV 2015, section 2.2).
    /// </summary>
    /// <param name="weight">[out, in, …].</param>
    /// <param name="random">The random numbers.</param>
    /// <param name="groups">The groups of a convolution.</param>
    public static void HeNormalFanOut(Parameter weight, RandomStream random, int groups = 1)
    {
        Shape shape = weight.Value.Shape;
        int fanOut = Math.Max(1, shape[0] * shape.ProductFrom(2) / groups);
        Normal(weight, random, MathF.Sqrt(2f / fanOut));
    }

    /// <summary>
    /// Uniform in ±1 / √fan-in, with fan-in the inputs of one output: PyTorch's default for linear layers, weights and biases alike.
    /// </summary>
    /// <param name="parameter">The weight or bias.</param>
    /// <param name="random">The random numbers.</param>
    /// <param name="fanIn">The inputs of one output.</param>
    /// <param name="stream">Distinguishes parameters of one module.</param>
    public static void UniformFanIn(Parameter parameter, RandomStream random, int fanIn, int stream = 0)
    {
        float bound = 1f / MathF.Sqrt(Math.Max(1, fanIn));
        Span<float> values = parameter.Value.Span;
        random.FillUniform(values, 0, stream);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = bound * ((2f * values[i]) - 1f);
        }
    }

    /// <summary>Normal with mean 0.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="random">The random numbers.</param>
    /// <param name="deviation">The standard deviation.</param>
    /// <param name="stream">Distinguishes parameters of one module.</param>
    public static void Normal(Parameter parameter, RandomStream random, float deviation, int stream = 0)
    {
        Span<float> values = parameter.Value.Span;
        random.FillNormal(values, 0, stream);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= deviation;
        }
    }
}
