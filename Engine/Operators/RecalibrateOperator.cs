using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Weighs the channels and pixels of maps: what attention over features does once it has its weights. No MACs are counted.</summary>
public static class RecalibrateOperator
{
    /// <summary>y = activation((x · a) · s + r): a factor a for each channel, a factor s for each pixel, in one pass.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="channels">a, [N, C]; no tensor: 1.</param>
    /// <param name="pixels">s, [N, …, 1]; no tensor: 1.</param>
    /// <param name="residual">r, of x's shape; no tensor: none.</param>
    /// <param name="activation">What follows.</param>
    /// <exception cref="System.ArgumentException">The shapes do not fit.</exception>
    public static Tensor Recalibrate(
        this Context context, Tensor input, Tensor channels, Tensor pixels = default, Tensor residual = default, Activation activation = Activation.None) =>
        ChannelMapOperator.Run(context, default(ScaleFunction), input, new ChannelOperands(channels), pixels, residual, activation);

    /// <summary>y = activation(x · (1 + σ(c + s)) + r), or with c · s: a gate for each element, made of a number of its channel and one of its pixel.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="channels">c, [N, C].</param>
    /// <param name="pixels">s, [N, …, 1].</param>
    /// <param name="multiplies">Whether c and s are multiplied instead of added.</param>
    /// <param name="residual">r, of x's shape; no tensor: none.</param>
    /// <param name="activation">What follows.</param>
    /// <exception cref="System.ArgumentException">The shapes do not fit.</exception>
    public static Tensor RecalibrateJointly(
        this Context context, Tensor input, Tensor channels, Tensor pixels, bool multiplies = false, Tensor residual = default, Activation activation = Activation.None) =>
        ChannelMapOperator.Run(context, new JointFunction(multiplies), input, new ChannelOperands(channels), pixels, residual, activation);
}
