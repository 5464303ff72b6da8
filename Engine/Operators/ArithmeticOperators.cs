using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Arithmetic element by element. Two operands meet by broadcasting: dimensions are aligned at the last, and an extent of 1 is repeated, as
/// for a bias [C], a factor for each sample [N, 1, 1, 1] or for each sample's channels [N, 1, 1, C].
/// </summary>
public static class ArithmeticOperators
{
    /// <summary>a + b.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Add(this Context context, Tensor left, Tensor right) => context.Pair(default(AddFunction), left, right);

    /// <summary>a − b.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Subtract(this Context context, Tensor left, Tensor right) => context.Pair(default(SubtractFunction), left, right);

    /// <summary>a · b.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Multiply(this Context context, Tensor left, Tensor right) => context.Pair(default(MultiplyFunction), left, right);

    /// <summary>a / b.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Divide(this Context context, Tensor left, Tensor right) => context.Pair(default(DivideFunction), left, right);

    /// <summary>The larger of a and b, NaN if one is; where they are equal each gets half of the gradient.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Maximum(this Context context, Tensor left, Tensor right) => context.Pair(default(MaximumFunction), left, right);

    /// <summary>The smaller of a and b, NaN if one is; where they are equal each gets half of the gradient.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">a.</param>
    /// <param name="right">b, of a shape that meets a's.</param>
    /// <exception cref="ArgumentException">The shapes do not meet.</exception>
    public static Tensor Minimum(this Context context, Tensor left, Tensor right) => context.Pair(default(MinimumFunction), left, right);

    /// <summary>x · scale.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, of any shape.</param>
    /// <param name="scale">The factor.</param>
    public static Tensor Scale(this Context context, Tensor input, float scale) => context.Map(new AffineFunction(scale, 0f), input);

    /// <summary>x + offset.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, of any shape.</param>
    /// <param name="offset">The summand.</param>
    public static Tensor Offset(this Context context, Tensor input, float offset) => context.Map(new AffineFunction(1f, offset), input);

    /// <summary>x · scale + offset.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, of any shape.</param>
    /// <param name="scale">The factor.</param>
    /// <param name="offset">The summand.</param>
    public static Tensor Affine(this Context context, Tensor input, float scale, float offset) => context.Map(new AffineFunction(scale, offset), input);

    /// <summary>eˣ.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Exp(this Context context, Tensor input) => context.Map(default(ExpFunction), input);

    /// <summary>ln x.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Log(this Context context, Tensor input) => context.Map(default(LogFunction), input);

    /// <summary>√x.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Sqrt(this Context context, Tensor input) => context.Map(default(SqrtFunction), input);

    /// <summary>x².</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Square(this Context context, Tensor input) => context.Map(default(SquareFunction), input);

    /// <summary>|x|; the slope at 0 is 0.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    public static Tensor Abs(this Context context, Tensor input) => context.Map(default(AbsFunction), input);

    /// <summary>x limited to a range; the slope is 1 within, bounds included, and 0 outside.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">Any shape.</param>
    /// <param name="minimum">The lower bound.</param>
    /// <param name="maximum">The upper bound, at least the lower.</param>
    /// <exception cref="ArgumentException">The bounds are crossed or not numbers.</exception>
    public static Tensor Clamp(this Context context, Tensor input, float minimum, float maximum)
    {
        if (!(minimum <= maximum))
        {
            throw new ArgumentException($"The bounds are {minimum} and {maximum}; expected the first to be at most the second.", nameof(maximum));
        }

        return context.Map(new ClampFunction(minimum, maximum), input);
    }
}
