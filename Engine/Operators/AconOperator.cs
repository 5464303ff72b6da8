using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A smooth maximum of two lines through zero, which learns whether to activate (Ma et al., "Activate or Not", CVPR 2021).</summary>
public static class AconOperator
{
    /// <summary>y = (p₁ − p₂) x · σ(β (p₁ − p₂) x) + p₂ x. No MACs are counted.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, C].</param>
    /// <param name="first">p₁, [C] or [N, C].</param>
    /// <param name="second">p₂, [C] or [N, C].</param>
    /// <param name="switching">β, [C] or [N, C].</param>
    /// <exception cref="System.ArgumentException">The shapes do not fit.</exception>
    public static Tensor Acon(this Context context, Tensor input, Tensor first, Tensor second, Tensor switching) =>
        ChannelMapOperator.Run(context, default(AconFunction), input, new ChannelOperands(first, second, switching), default);
}
