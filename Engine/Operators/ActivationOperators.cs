using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The non-linear functions of the field, each applied element by element; forward and backward as <see cref="MapOperator"/> does it.</summary>
public static class ActivationOperators
{
    /// <summary>max(x, 0); NaN stays NaN, and the slope at 0 is 0.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Relu(this Context context, Tensor input) => context.Map(default(ReluFunction), input);

    /// <summary>x for x &gt; 0, else slope · x (Maas et al., 2013).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="slope">The factor of negative values.</param>
    public static Tensor LeakyRelu(this Context context, Tensor input, float slope = 0.01f) => context.Map(new LeakyReluFunction(slope), input);

    /// <summary>x for x &gt; 0, else scale · (eˣ − 1) (Clevert et al., ICLR 2016).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="scale">Minus the limit for x → −∞.</param>
    public static Tensor Elu(this Context context, Tensor input, float scale = 1f) => context.Map(new EluFunction(scale), input);

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Sigmoid(this Context context, Tensor input) => context.Map(default(SigmoidFunction), input);

    /// <summary>tanh x.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Tanh(this Context context, Tensor input) => context.Map(default(TanhFunction), input);

    /// <summary>x · Φ(x) with the exact error function (Hendrycks and Gimpel, 2016).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Gelu(this Context context, Tensor input) => context.Map(default(GeluFunction), input);

    /// <summary>x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³))): the approximate form of <see cref="Gelu"/>.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor GeluTanh(this Context context, Tensor input) => context.Map(default(GeluTanhFunction), input);

    /// <summary>x / (1 + e⁻ˣ), also called swish (Ramachandran et al., 2017).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Silu(this Context context, Tensor input) => context.Map(default(SiluFunction), input);

    /// <summary>x · tanh(ln(1 + eˣ)) (Misra, 2019).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Mish(this Context context, Tensor input) => context.Map(default(MishFunction), input);

    /// <summary>x · min(max(x + 3, 0), 6) / 6 (Howard et al., ICCV 2019).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor HardSwish(this Context context, Tensor input) => context.Map(default(HardSwishFunction), input);

    /// <summary>min(max(x + 3, 0), 6) / 6.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor HardSigmoid(this Context context, Tensor input) => context.Map(default(HardSigmoidFunction), input);

    /// <summary>ln(1 + eˣ).</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Softplus(this Context context, Tensor input) => context.Map(default(SoftplusFunction), input);
}
