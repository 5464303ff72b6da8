using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>Applies a function of two numbers to the elements of two tensors that meet by broadcasting.</summary>
/// <remarks>
/// What is left of a row after whole vectors is computed one element at a time, by the vector function on a vector of equal lanes: an element
/// gets the same arithmetic wherever it stands.
/// </remarks>
public static class PairMap
{
    // Finding where such rows start takes as long as they do, so it is done for many at once.
    private const int LongestShortRow = 128;

    /// <summary>output = f(left, right), for a range of the output's elements.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="function">f.</param>
    /// <param name="plan">How the operands meet.</param>
    /// <param name="left">The left operand.</param>
    /// <param name="right">The right operand.</param>
    /// <param name="output">The result, whole; only the range is written.</param>
    /// <param name="from">The first element.</param>
    /// <param name="to">The element after the last.</param>
    /// <exception cref="ArgumentException">A span is not as long as its shape, or the range is not within the output.</exception>
    public static void Forward<TFunction>(TFunction function, in BroadcastPlan plan, ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> output, int from, int to)
        where TFunction : struct, IPairFunction
    {
        Run(new ValueOf<TFunction>(function), in plan, left, right, output, output, false, from, to);
    }

    /// <summary>target = g · ∂f/∂left (or right), element by element of the output, not summed over repeated dimensions.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="function">f.</param>
    /// <param name="ofRight">Whether to differentiate by the right operand instead of the left.</param>
    /// <param name="plan">How the operands meet.</param>
    /// <param name="left">The left operand.</param>
    /// <param name="right">The right operand.</param>
    /// <param name="gradient">g, with the output's shape.</param>
    /// <param name="target">With the output's shape.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <param name="from">The first element.</param>
    /// <param name="to">The element after the last.</param>
    /// <exception cref="ArgumentException">A span is not as long as its shape, or the range is not within the output.</exception>
    public static void Backward<TFunction>(
        TFunction function,
        bool ofRight,
        in BroadcastPlan plan,
        ReadOnlySpan<float> left,
        ReadOnlySpan<float> right,
        ReadOnlySpan<float> gradient,
        Span<float> target,
        bool accumulate,
        int from,
        int to)
        where TFunction : struct, IPairFunction
    {
        if (ofRight)
        {
            Run(new RightGradientOf<TFunction>(function), in plan, left, right, gradient, target, accumulate, from, to);
        }
        else
        {
            Run(new LeftGradientOf<TFunction>(function), in plan, left, right, gradient, target, accumulate, from, to);
        }
    }

    /// <summary>The forward pass, value by value.</summary>
    internal static void Reference<T, TFunction>(TFunction function, in BroadcastPlan plan, ReadOnlySpan<T> left, ReadOnlySpan<T> right, Span<T> output)
        where T : IFloatingPointIeee754<T>
        where TFunction : struct, IPairFunction
    {
        Span<int> index = stackalloc int[plan.Output.Rank];
        for (int i = 0; i < output.Length; i++)
        {
            int rest = i;
            for (int d = index.Length - 1; d >= 0; d--)
            {
                index[d] = rest % plan.Output[d];
                rest /= plan.Output[d];
            }

            output[i] = function.Reference(left[Find(plan.Left, index)], right[Find(plan.Right, index)]);
        }
    }

    private static int Find(Shape shape, ReadOnlySpan<int> index)
    {
        int element = 0;
        for (int d = 0; d < shape.Rank; d++)
        {
            element = (element * shape[d]) + (shape[d] == 1 ? 0 : index[index.Length - shape.Rank + d]);
        }

        return element;
    }

    private static void Run<TStep>(TStep step, in BroadcastPlan plan, ReadOnlySpan<float> left, ReadOnlySpan<float> right, ReadOnlySpan<float> gradient, Span<float> target, bool accumulate, int from, int to)
        where TStep : struct, IStep
    {
        Check(left.Length, plan.Left.Count, "left operand");
        Check(right.Length, plan.Right.Count, "right operand");
        Check(gradient.Length, plan.Output.Count, "gradient");
        Check(target.Length, plan.Output.Count, "result");
        if (from < 0 || to < from || to > target.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(to), $"The range {from}..{to} is not within the {target.Length} elements of the result.");
        }

        int length = plan.RowLength;
        while (from < to)
        {
            int row = from / length;
            int column = from - (row * length);
            int count = Math.Min(length - column, to - from);
            plan.Locate(row, out int leftStart, out int rightStart);
            int rows = length > LongestShortRow || column > 0 ? 0 : Math.Min(plan.RowsFrom(row), (to - from) / length);
            if (rows > 1)
            {
                Rows(
                    step, left[leftStart..], plan.LeftStep, right[rightStart..], plan.RightStep, gradient.Slice(from, rows * length),
                    target.Slice(from, rows * length), length, plan.LeftIsRepeated, plan.RightIsRepeated, accumulate);
                from += rows * length;
                continue;
            }

            Row(
                step,
                left.Slice(leftStart + (plan.LeftIsRepeated ? 0 : column), plan.LeftIsRepeated ? 1 : count),
                right.Slice(rightStart + (plan.RightIsRepeated ? 0 : column), plan.RightIsRepeated ? 1 : count),
                gradient.Slice(from, count),
                target.Slice(from, count),
                plan.LeftIsRepeated,
                plan.RightIsRepeated,
                accumulate);
            from += count;
        }
    }

    private static void Rows<TStep>(
        TStep step, ReadOnlySpan<float> left, nint leftStep, ReadOnlySpan<float> right, nint rightStep, ReadOnlySpan<float> gradient, Span<float> target,
        int length, bool repeatLeft, bool repeatRight, bool accumulate)
        where TStep : struct, IStep
    {
        int rows = target.Length / length;
        CheckRows(left.Length, leftStep, rows, repeatLeft ? 1 : length, nameof(left));
        CheckRows(right.Length, rightStep, rows, repeatRight ? 1 : length, nameof(right));

        // The last row of each operand lies within it, as was checked, and within a row whole vectors, or single elements behind them, end with it.
        ref float a = ref MemoryMarshal.GetReference(left);
        ref float b = ref MemoryMarshal.GetReference(right);
        ref float g = ref MemoryMarshal.GetReference(gradient);
        ref float y = ref MemoryMarshal.GetReference(target);
        int whole = length - (length % Vector<float>.Count);
        nint leftAt = 0;
        nint rightAt = 0;
        for (nint start = 0; start < target.Length; start += length, leftAt += leftStep, rightAt += rightStep)
        {
            ref float ownLeft = ref Unsafe.Add(ref a, leftAt);
            ref float ownRight = ref Unsafe.Add(ref b, rightAt);
            ref float ownGradient = ref Unsafe.Add(ref g, start);
            ref float ownTarget = ref Unsafe.Add(ref y, start);
            Vector<float> va = new(ownLeft);
            Vector<float> vb = new(ownRight);
            nuint i = 0;
            for (; i < (nuint)whole; i += (nuint)Vector<float>.Count)
            {
                va = repeatLeft ? va : Vector.LoadUnsafe(ref ownLeft, i);
                vb = repeatRight ? vb : Vector.LoadUnsafe(ref ownRight, i);
                Vector<float> value = step.Apply(Vector.LoadUnsafe(ref ownGradient, i), va, vb);
                value = accumulate ? value + Vector.LoadUnsafe(ref ownTarget, i) : value;
                value.StoreUnsafe(ref ownTarget, i);
            }

            for (; i < (nuint)length; i++)
            {
                va = repeatLeft ? va : new Vector<float>(Unsafe.Add(ref ownLeft, i));
                vb = repeatRight ? vb : new Vector<float>(Unsafe.Add(ref ownRight, i));
                ref float place = ref Unsafe.Add(ref ownTarget, i);
                float value = step.Apply(new Vector<float>(Unsafe.Add(ref ownGradient, i)), va, vb)[0];
                place = accumulate ? value + place : value;
            }
        }
    }

    private static void Row<TStep>(TStep step, ReadOnlySpan<float> left, ReadOnlySpan<float> right, ReadOnlySpan<float> gradient, Span<float> target, bool repeatLeft, bool repeatRight, bool accumulate)
        where TStep : struct, IStep
    {
        ref float a = ref MemoryMarshal.GetReference(left);
        ref float b = ref MemoryMarshal.GetReference(right);
        ref float g = ref MemoryMarshal.GetReference(gradient);
        ref float y = ref MemoryMarshal.GetReference(target);
        Vector<float> leftValue = new(left[0]);
        Vector<float> rightValue = new(right[0]);
        int i = 0;

        // Whole vectors only: i + Count never passes the row, whose length every span has that is not a single repeated value. The two
        // usual cases first, with nothing to decide in the loop.
        if (!accumulate && !repeatLeft && !repeatRight)
        {
            for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                step.Apply(Vector.LoadUnsafe(ref g, (nuint)i), Vector.LoadUnsafe(ref a, (nuint)i), Vector.LoadUnsafe(ref b, (nuint)i)).StoreUnsafe(ref y, (nuint)i);
            }
        }
        else if (!accumulate && repeatRight)
        {
            for (; i <= target.Length - Vector<float>.Count && !repeatLeft; i += Vector<float>.Count)
            {
                step.Apply(Vector.LoadUnsafe(ref g, (nuint)i), Vector.LoadUnsafe(ref a, (nuint)i), rightValue).StoreUnsafe(ref y, (nuint)i);
            }
        }

        for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> va = repeatLeft ? leftValue : Vector.LoadUnsafe(ref a, (nuint)i);
            Vector<float> vb = repeatRight ? rightValue : Vector.LoadUnsafe(ref b, (nuint)i);
            Vector<float> value = step.Apply(Vector.LoadUnsafe(ref g, (nuint)i), va, vb);
            if (accumulate)
            {
                value += Vector.LoadUnsafe(ref y, (nuint)i);
            }

            value.StoreUnsafe(ref y, (nuint)i);
        }

        for (; i < target.Length; i++)
        {
            Vector<float> va = new(left[repeatLeft ? 0 : i]);
            Vector<float> vb = new(right[repeatRight ? 0 : i]);
            float value = step.Apply(new Vector<float>(gradient[i]), va, vb)[0];
            target[i] = accumulate ? value + target[i] : value;
        }
    }

    private static void CheckRows(int found, long step, int rows, int width, string what)
    {
        if ((step * (rows - 1)) + width > found)
        {
            throw new ArgumentException($"{found} elements of the {what} operand are left; expected {rows} rows of {width}, {step} apart.");
        }
    }

    private static void Check(int found, int expected, string what)
    {
        if (found != expected)
        {
            throw new ArgumentException($"The {what} has {found} elements; expected {expected}.");
        }
    }

    private interface IStep
    {
        Vector<float> Apply(Vector<float> g, Vector<float> a, Vector<float> b);
    }

    // The loop reads its target as "gradient" here; the value does not depend on it, so the compiler drops the load.
    private readonly struct ValueOf<TFunction>(TFunction function) : IStep
        where TFunction : struct, IPairFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Apply(Vector<float> g, Vector<float> a, Vector<float> b) => function.Value(a, b);
    }

    private readonly struct LeftGradientOf<TFunction>(TFunction function) : IStep
        where TFunction : struct, IPairFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Apply(Vector<float> g, Vector<float> a, Vector<float> b) => function.LeftGradient(g, a, b);
    }

    private readonly struct RightGradientOf<TFunction>(TFunction function) : IStep
        where TFunction : struct, IPairFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Apply(Vector<float> g, Vector<float> a, Vector<float> b) => function.RightGradient(g, a, b);
    }
}
