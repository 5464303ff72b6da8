using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Mixing;

/// <summary>
/// Weighted sums of several sets of weights, y[i] = Σ over experts e of a[e] · w[e][i]: what a convolution with attention over its kernels does before it
/// convolves. Weights may be in any order, such as that of packed panels, as long as all experts have the same.
/// </summary>
/// <remarks>
/// Experts lie interleaved, [block][expert][<see cref="BlockLength"/>], so that one pass reads them as a single stream. Each element is one chain of
/// multiply–adds from 0, experts ascending, wherever it stands and however the work is split.
/// </remarks>
public static class ExpertMix
{
    private const int VectorsPerBlock = 8;

    /// <summary>Elements of one expert that lie side by side.</summary>
    public static int BlockLength => VectorsPerBlock * Vector<float>.Count;

    /// <summary>Blocks of weights, the last one filled up with zeros.</summary>
    /// <param name="length">Elements of one expert.</param>
    public static int BlockCount(int length) => (int)(((long)length + BlockLength - 1) / BlockLength);

    /// <summary>Elements of the interleaved form.</summary>
    /// <param name="experts">Experts.</param>
    /// <param name="length">Elements of one expert.</param>
    /// <exception cref="OverflowException">There would be more than 2³¹ − 1.</exception>
    public static int PackedLength(int experts, int length) => checked(experts * BlockCount(length) * BlockLength);

    /// <summary>Puts one expert's weights to its place among the others.</summary>
    /// <param name="weights">The weights of the expert.</param>
    /// <param name="expert">Which expert it is.</param>
    /// <param name="experts">How many there are.</param>
    /// <param name="packed"><see cref="PackedLength"/> elements; all of this expert's are written.</param>
    /// <exception cref="ArgumentException">A span has another length, or there is no such expert.</exception>
    public static void Pack(ReadOnlySpan<float> weights, int expert, int experts, Span<float> packed)
    {
        Same(packed.Length, PackedLength(experts, weights.Length), "interleaved weights");
        if ((uint)expert >= (uint)experts)
        {
            throw new ArgumentException($"Expert {expert} was asked for; expected 0 to {experts - 1}.", nameof(expert));
        }

        int block = BlockLength;
        for (int start = 0, at = expert * block; start < weights.Length; start += block, at += experts * block)
        {
            int count = Math.Min(block, weights.Length - start);
            weights.Slice(start, count).CopyTo(packed[at..]);
            packed.Slice(at + count, block - count).Clear();
        }
    }

    /// <summary>Mixes all weights, or some of them.</summary>
    /// <param name="coefficients">a, one for each expert.</param>
    /// <param name="packed">The weights as <see cref="Pack"/> put them.</param>
    /// <param name="length">Elements of one expert.</param>
    /// <param name="from">The first element to compute, a multiple of the vector's length.</param>
    /// <param name="target">y from there on; it ends at a multiple of the vector's length, or with the expert.</param>
    /// <exception cref="ArgumentException">A span has another length, or the range is not within an expert; nothing has been written.</exception>
    public static void Mix(ReadOnlySpan<float> coefficients, ReadOnlySpan<float> packed, int length, int from, Span<float> target)
    {
        int experts = coefficients.Length;
        int lanes = Vector<float>.Count;
        Same(packed.Length, PackedLength(experts, length), "interleaved weights");
        if (from < 0 || target.Length > length - from || from % lanes != 0 || (target.Length % lanes != 0 && from + target.Length != length))
        {
            throw new ArgumentException(
                $"{target.Length} elements from {from} on were asked of {length}; expected a range within them in steps of {lanes}.", nameof(from));
        }

        int block = BlockLength;
        ref float factors = ref MemoryMarshal.GetReference(coefficients);
        ref float source = ref MemoryMarshal.GetReference(packed);
        ref float output = ref MemoryMarshal.GetReference(target);
        int done = 0;
        while (done < target.Length)
        {
            // Block b of expert e starts at (b · experts + e) · block, and the packed form has whole blocks: every load lies within.
            int offset = (from + done) % block;
            ref float own = ref Unsafe.Add(ref source, ((nint)((from + done) / block) * experts * block) + offset);
            if (offset == 0 && target.Length - done >= block)
            {
                MixBlock(ref factors, experts, ref own, ref Unsafe.Add(ref output, done));
                done += block;
                continue;
            }

            Vector<float> sum = MixVector(ref factors, experts, ref own, block);
            if (target.Length - done >= lanes)
            {
                sum.StoreUnsafe(ref Unsafe.Add(ref output, done));
            }
            else
            {
                PartialVector.Store(sum, target[done..]);
            }

            done += lanes;
        }
    }

    /// <summary>target[i] ← target[i], or 0, + Σ over rows r of a[r] · rows[r][i], rows ascending: one chain of multiply–adds.</summary>
    /// <param name="coefficients">a; that of row r stands at r · <paramref name="step"/>.</param>
    /// <param name="step">Elements from one coefficient to the next.</param>
    /// <param name="rows">[count, length], row-major.</param>
    /// <param name="count">Rows.</param>
    /// <param name="length">Elements of a row.</param>
    /// <param name="from">The first element of each row to take.</param>
    /// <param name="target">As many elements as are taken.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <exception cref="ArgumentException">A span is too short; nothing has been written.</exception>
    public static void AddRows(
        ReadOnlySpan<float> coefficients, int step, ReadOnlySpan<float> rows, int count, int length, int from, Span<float> target, bool accumulate)
    {
        Same(rows.Length, (long)count * length, "rows");
        if (count > 0 && (step < 1 || coefficients.Length <= (long)(count - 1) * step))
        {
            throw new ArgumentException($"{coefficients.Length} coefficients in steps of {step} were given for {count} rows.", nameof(coefficients));
        }

        if (from < 0 || from > length - target.Length)
        {
            throw new ArgumentException($"{target.Length} elements from {from} on were asked of rows of {length}.", nameof(from));
        }

        int lanes = Vector<float>.Count;
        for (int at = 0; at < target.Length; at += lanes)
        {
            int width = Math.Min(lanes, target.Length - at);
            Vector<float> sum = accumulate ? PartialVector.Load(target, at, width) : Vector<float>.Zero;
            for (int row = 0; row < count; row++)
            {
                sum = Vector.MultiplyAddEstimate(new Vector<float>(coefficients[row * step]), PartialVector.Load(rows, (row * length) + from + at, width), sum);
            }

            PartialVector.Store(sum, target.Slice(at, width));
        }
    }

    /// <summary>Σ left · right, in double precision and in an order of its own that depends on the length alone.</summary>
    /// <param name="left">One vector.</param>
    /// <param name="right">The other, as long.</param>
    /// <exception cref="ArgumentException">They differ in length.</exception>
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        Same(right.Length, left.Length, "right vector");
        Vector<double> low = Vector<double>.Zero;
        Vector<double> high = Vector<double>.Zero;
        int lanes = Vector<float>.Count;
        int i = 0;
        for (; i <= left.Length - lanes; i += lanes)
        {
            Vector.Widen(new Vector<float>(left[i..]), out Vector<double> leftLow, out Vector<double> leftHigh);
            Vector.Widen(new Vector<float>(right[i..]), out Vector<double> rightLow, out Vector<double> rightHigh);
            low = Vector.MultiplyAddEstimate(leftLow, rightLow, low);
            high = Vector.MultiplyAddEstimate(leftHigh, rightHigh, high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < left.Length; i++)
        {
            sum += (double)left[i] * right[i];
        }

        return (float)sum;
    }

    /// <summary>The mixture, value by value.</summary>
    /// <param name="coefficients">a, one for each expert.</param>
    /// <param name="weights">[experts, length], row-major.</param>
    /// <param name="target">y.</param>
    internal static void Reference<T>(ReadOnlySpan<T> coefficients, ReadOnlySpan<T> weights, Span<T> target)
        where T : IFloatingPointIeee754<T>
    {
        for (int i = 0; i < target.Length; i++)
        {
            T sum = T.Zero;
            for (int expert = 0; expert < coefficients.Length; expert++)
            {
                sum = T.MultiplyAddEstimate(coefficients[expert], weights[(expert * target.Length) + i], sum);
            }

            target[i] = sum;
        }
    }

    // The sums of a whole block in registers: the eight chains hide each other's latency.
    private static void MixBlock(ref float factors, int experts, ref float source, ref float target)
    {
        int lanes = Vector<float>.Count;
        Vector<float> s0 = Vector<float>.Zero, s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        for (int expert = 0; expert < experts; expert++)
        {
            Vector<float> a = new(Unsafe.Add(ref factors, expert));
            s0 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source), s0);
            s1 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)lanes), s1);
            s2 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)(2 * lanes)), s2);
            s3 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)(3 * lanes)), s3);
            s4 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)(4 * lanes)), s4);
            s5 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)(5 * lanes)), s5);
            s6 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)(6 * lanes)), s6);
            s7 = Vector.MultiplyAddEstimate(a, Vector.LoadUnsafe(ref source, (nuint)(7 * lanes)), s7);
            source = ref Unsafe.Add(ref source, VectorsPerBlock * lanes);
        }

        s0.StoreUnsafe(ref target);
        s1.StoreUnsafe(ref target, (nuint)lanes);
        s2.StoreUnsafe(ref target, (nuint)(2 * lanes));
        s3.StoreUnsafe(ref target, (nuint)(3 * lanes));
        s4.StoreUnsafe(ref target, (nuint)(4 * lanes));
        s5.StoreUnsafe(ref target, (nuint)(5 * lanes));
        s6.StoreUnsafe(ref target, (nuint)(6 * lanes));
        s7.StoreUnsafe(ref target, (nuint)(7 * lanes));
    }

    private static Vector<float> MixVector(ref float factors, int experts, ref float source, int block)
    {
        Vector<float> sum = Vector<float>.Zero;
        for (int expert = 0; expert < experts; expert++)
        {
            sum = Vector.MultiplyAddEstimate(
                new Vector<float>(Unsafe.Add(ref factors, expert)), Vector.LoadUnsafe(ref source, (nuint)(expert * block)), sum);
        }

        return sum;
    }

    private static void Same(int found, long expected, string what)
    {
        if (found != expected)
        {
            throw new ArgumentException($"The {what} have {found} elements; expected {expected}.");
        }
    }
}
