using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>Values that the kernels of dynamic convolutions start from.</summary>
internal static class KernelInitializers
{
    /// <summary>Each expert as a kernel of its own: normal with variance 2 / fan-out, over groups.</summary>
    /// <param name="weight">[experts, out, in / groups, kernel, kernel].</param>
    /// <param name="random">The random numbers.</param>
    /// <param name="groups">The groups of the convolution.</param>
    public static void HeNormalFanOut(Parameter weight, RandomStream random, int groups)
    {
        Shape shape = weight.Shape;
        Static.Initializers.Normal(weight, random, Deviation(shape[1], shape[3], groups));
    }

    /// <summary>The standard deviation of kernels that keep the variance of gradients in networks with ReLU.</summary>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows of the kernel.</param>
    /// <param name="groups">The groups of the convolution.</param>
    public static float Deviation(int outChannels, int kernel, int groups) => MathF.Sqrt(2f * groups / Math.Max(1, outChannels * kernel * kernel));
}
