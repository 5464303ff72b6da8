using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Softmax;

/// <summary>
/// Softmax of one row of logits and what belongs to it. The largest logit is subtracted first; sums run lane by lane and then over the lanes, in
/// an order that the length alone fixes: a row has the same bits wherever it stands. A logit of −∞ has probability 0; NaN, +∞, or a row of −∞
/// only give NaN.
/// </summary>
public static class SoftmaxRow
{
    /// <summary>The largest value; NaN if there is one. −∞ for no values.</summary>
    /// <param name="values">The values.</param>
    public static float Maximum(ReadOnlySpan<float> values) => Maximum(values, values.Length);

    /// <summary>p_c = exp((z_c − max z) / T) / Σ.</summary>
    /// <param name="logits">z.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="probabilities">p, as long as z; it may be z itself.</param>
    /// <returns>log Σ_c exp(z_c / T).</returns>
    /// <exception cref="ArgumentException">The lengths differ, or the temperature is not above 0.</exception>
    public static float Probabilities(ReadOnlySpan<float> logits, float temperature, Span<float> probabilities)
    {
        Check(logits.Length, probabilities.Length, temperature);
        float largest = Probabilities(logits, logits.Length, temperature, probabilities, out float total);
        return (largest / temperature) + MathF.Log(total);
    }

    /// <summary>Softmax of each row of a matrix in place: what lies behind a row is read with it, so that its end costs no more than its middle.</summary>
    /// <param name="rows">The rows, one after the other.</param>
    /// <param name="length">The length of a row, above 0, of which the matrix is a multiple.</param>
    /// <exception cref="ArgumentException">The matrix is not of whole rows.</exception>
    internal static void ProbabilitiesOfRows(Span<float> rows, int length)
    {
        if (length < 1 || rows.Length % length != 0)
        {
            throw new ArgumentException($"The matrix has {rows.Length} elements; expected a multiple of {length}, above 0.", nameof(length));
        }

        for (; rows.Length > 0; rows = rows[length..])
        {
            _ = Probabilities(rows, length, 1f, rows, out _);
        }
    }

    private static float Maximum(ReadOnlySpan<float> values, int length)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        int width = Vector<float>.Count;
        int whole = Whole(length);
        Vector<float> best = new(float.NegativeInfinity);
        Vector<float> other = best;
        int i = 0;

        // Whole vectors within the row. Two at a time: each comparison waits for the one before it.
        for (; i <= whole - (2 * width); i += 2 * width)
        {
            best = Larger(Vector.LoadUnsafe(ref first, (nuint)i), best);
            other = Larger(Vector.LoadUnsafe(ref first, (nuint)(i + width)), other);
        }

        best = i < whole ? Larger(Vector.LoadUnsafe(ref first, (nuint)i), best) : best;
        best = Larger(other, best);
        best = whole < length ? Larger(PartialVector.Load(values, whole, length - whole, float.NegativeInfinity), best) : best;
        if (!Vector.EqualsAll(best, best))
        {
            return float.NaN;
        }

        Span<float> lanes = stackalloc float[Vector<float>.Count];
        best.CopyTo(lanes);
        float largest = lanes[0];
        for (int lane = 1; lane < lanes.Length; lane++)
        {
            // Without NaN among them the processor's own maximum will do.
            largest = float.MaxNative(largest, lanes[lane]);
        }

        return largest;
    }

    // The largest logit, and the sum of the powers. Both spans hold at least the row; what is behind it may be read, and stays.
    private static float Probabilities(ReadOnlySpan<float> logits, int length, float temperature, Span<float> probabilities, out float total)
    {
        float largest = Maximum(logits, length);
        int whole = Whole(length);
        int last = length - whole;
        Vector<float> sum = Powers(logits[..whole], largest, temperature, probabilities[..whole]);
        if (last != 0)
        {
            Vector<float> power = VectorMath.Exp(Divided(PartialVector.Load(logits, whole, last) - new Vector<float>(largest), temperature));
            sum += PartialVector.Keep(power, last, 0f);
            PartialVector.Store(power, probabilities, whole, last);
        }

        total = Vector.Sum(sum);
        Scale(probabilities[..whole], 1f / total);
        if (last != 0)
        {
            PartialVector.Store(PartialVector.Load(probabilities, whole, last) * new Vector<float>(1f / total), probabilities, whole, last);
        }

        return largest;
    }

    /// <summary>log Σ_c exp(z_c / T).</summary>
    /// <param name="logits">z.</param>
    /// <param name="temperature">T, above 0.</param>
    public static float LogSum(ReadOnlySpan<float> logits, float temperature = 1f)
    {
        Check(logits.Length, logits.Length, temperature);
        float largest = Maximum(logits);
        return (largest / temperature) + MathF.Log(PowerSum(logits, largest, temperature));
    }

    /// <summary>log p_c = (z_c − max z) / T − log Σ exp((z − max z) / T).</summary>
    /// <param name="logits">z.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="logarithms">log p, as long as z; it may be z itself.</param>
    /// <exception cref="ArgumentException">The lengths differ, or the temperature is not above 0.</exception>
    public static void LogProbabilities(ReadOnlySpan<float> logits, float temperature, Span<float> logarithms)
    {
        Check(logits.Length, logarithms.Length, temperature);
        float largest = Maximum(logits);
        Vector<float> middle = new(largest);
        Vector<float> logSum = new(MathF.Log(PowerSum(logits, largest, temperature)));
        ref float z = ref MemoryMarshal.GetReference(logits);
        ref float log = ref MemoryMarshal.GetReference(logarithms);
        int whole = Whole(logits.Length);

        // Whole vectors: i + Count is at most the length that both spans were checked to have.
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            (Divided(Vector.LoadUnsafe(ref z, (nuint)i) - middle, temperature) - logSum).StoreUnsafe(ref log, (nuint)i);
        }

        if (whole < logits.Length)
        {
            int last = logits.Length - whole;
            PartialVector.Store(Divided(PartialVector.Load(logits, whole, last) - middle, temperature) - logSum, logarithms.Slice(whole, last));
        }
    }

    /// <summary>dz_c = p_c (dp_c − Σ_k p_k dp_k) / T.</summary>
    /// <param name="probabilities">p.</param>
    /// <param name="outputGradient">dp.</param>
    /// <param name="temperature">T.</param>
    /// <param name="inputGradient">dz.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void Backward(
        ReadOnlySpan<float> probabilities, ReadOnlySpan<float> outputGradient, float temperature, Span<float> inputGradient, bool accumulate)
    {
        Check(probabilities.Length, Math.Min(outputGradient.Length, inputGradient.Length), temperature);
        ref float p = ref MemoryMarshal.GetReference(probabilities);
        ref float upstream = ref MemoryMarshal.GetReference(outputGradient);
        ref float target = ref MemoryMarshal.GetReference(inputGradient);
        int whole = Whole(probabilities.Length);
        int last = probabilities.Length - whole;
        Vector<float> sum = Vector<float>.Zero;

        // Whole vectors: i + Count is at most the length that all spans were checked to have.
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            sum = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref p, (nuint)i), Vector.LoadUnsafe(ref upstream, (nuint)i), sum);
        }

        if (last != 0)
        {
            sum = Vector.MultiplyAddEstimate(
                PartialVector.Load(probabilities, whole, last, 0f), PartialVector.Load(outputGradient, whole, last, 0f), sum);
        }

        Vector<float> mean = new(Vector.Sum(sum));
        Vector<float> share = new(1f / temperature);
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.LoadUnsafe(ref p, (nuint)i) * (Vector.LoadUnsafe(ref upstream, (nuint)i) - mean) * share;
            value = accumulate ? value + Vector.LoadUnsafe(ref target, (nuint)i) : value;
            value.StoreUnsafe(ref target, (nuint)i);
        }

        if (last != 0)
        {
            Vector<float> value = PartialVector.Load(probabilities, whole, last) * (PartialVector.Load(outputGradient, whole, last) - mean) * share;
            Put(value, inputGradient, whole, last, accumulate);
        }
    }

    /// <summary>dz_c = (d_c − p_c Σ_k d_k) / T for d, the gradient of log p.</summary>
    /// <param name="logarithms">log p.</param>
    /// <param name="outputGradient">d.</param>
    /// <param name="temperature">T.</param>
    /// <param name="inputGradient">dz.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    public static void LogBackward(
        ReadOnlySpan<float> logarithms, ReadOnlySpan<float> outputGradient, float temperature, Span<float> inputGradient, bool accumulate)
    {
        Check(logarithms.Length, Math.Min(outputGradient.Length, inputGradient.Length), temperature);
        ref float log = ref MemoryMarshal.GetReference(logarithms);
        ref float upstream = ref MemoryMarshal.GetReference(outputGradient);
        ref float target = ref MemoryMarshal.GetReference(inputGradient);
        int whole = Whole(logarithms.Length);
        int last = logarithms.Length - whole;
        Vector<float> sum = Vector<float>.Zero;

        // Whole vectors: i + Count is at most the length that all spans were checked to have.
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            sum += Vector.LoadUnsafe(ref upstream, (nuint)i);
        }

        sum = last == 0 ? sum : sum + PartialVector.Load(outputGradient, whole, last, 0f);
        Vector<float> total = new(Vector.Sum(sum));
        Vector<float> share = new(1f / temperature);
        for (int i = 0; i < whole; i += Vector<float>.Count)
        {
            Vector<float> p = VectorMath.Exp(Vector.LoadUnsafe(ref log, (nuint)i));
            Vector<float> value = (Vector.LoadUnsafe(ref upstream, (nuint)i) - (p * total)) * share;
            value = accumulate ? value + Vector.LoadUnsafe(ref target, (nuint)i) : value;
            value.StoreUnsafe(ref target, (nuint)i);
        }

        if (last != 0)
        {
            Vector<float> p = VectorMath.Exp(PartialVector.Load(logarithms, whole, last));
            Put((PartialVector.Load(outputGradient, whole, last) - (p * total)) * share, inputGradient, whole, last, accumulate);
        }
    }

    /// <summary>Softmax, value by value.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> logits, T temperature, Span<T> probabilities)
        where T : IFloatingPointIeee754<T>
    {
        T largest = T.NegativeInfinity;
        foreach (T logit in logits)
        {
            largest = T.Max(largest, logit);
        }

        T sum = T.Zero;
        for (int c = 0; c < logits.Length; c++)
        {
            probabilities[c] = T.Exp((logits[c] - largest) / temperature);
            sum += probabilities[c];
        }

        for (int c = 0; c < logits.Length; c++)
        {
            probabilities[c] /= sum;
        }
    }

    private static float PowerSum(ReadOnlySpan<float> logits, float largest, float temperature)
    {
        int whole = Whole(logits.Length);
        Vector<float> sum = Powers(logits[..whole], largest, temperature, default);
        if (whole < logits.Length)
        {
            int last = logits.Length - whole;
            Vector<float> power = VectorMath.Exp(Divided(PartialVector.Load(logits, whole, last) - new Vector<float>(largest), temperature));
            sum += PartialVector.Keep(power, last, 0f);
        }

        return Vector.Sum(sum);
    }

    // exp((z − largest) / T) of whole vectors and its sum; stored if there is a place. A method of its own and not inlined: where a loop stands
    // beside calls, its vectors are kept in memory and not in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector<float> Powers(ReadOnlySpan<float> logits, float largest, float temperature, Span<float> powers)
    {
        ref float z = ref MemoryMarshal.GetReference(logits);
        ref float p = ref MemoryMarshal.GetReference(powers);
        bool stores = powers.Length == logits.Length;
        Vector<float> middle = new(largest);
        Vector<float> sum = Vector<float>.Zero;

        // The length is a multiple of the vector's, and the place for the powers is as long or not written.
        for (int i = 0; i < logits.Length; i += Vector<float>.Count)
        {
            Vector<float> power = VectorMath.Exp(Divided(Vector.LoadUnsafe(ref z, (nuint)i) - middle, temperature));
            sum += power;
            if (stores)
            {
                power.StoreUnsafe(ref p, (nuint)i);
            }
        }

        return sum;
    }

    // Multiplies whole vectors.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Scale(Span<float> values, float factor)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector<float> factors = new(factor);

        // The length is a multiple of the vector's.
        for (int i = 0; i < values.Length; i += Vector<float>.Count)
        {
            (Vector.LoadUnsafe(ref first, (nuint)i) * factors).StoreUnsafe(ref first, (nuint)i);
        }
    }

    private static int Whole(int length) => length - (length % Vector<float>.Count);

    // A division by one changes nothing but costs as much as the rest.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Divided(Vector<float> value, float temperature) => temperature == 1f ? value : value / new Vector<float>(temperature);

    // A comparison and not a maximum: NaN must win on every processor, and stay.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Larger(Vector<float> value, Vector<float> best) =>
        Vector.ConditionalSelect(Vector.GreaterThan(value, best) | ~Vector.Equals(value, value), value, best);

    private static void Put(Vector<float> value, Span<float> target, int at, int count, bool accumulate)
    {
        if (accumulate)
        {
            value += PartialVector.Load(target, at, count);
        }

        PartialVector.Store(value, target.Slice(at, count));
    }

    private static void Check(int length, int other, float temperature)
    {
        if (length != other)
        {
            throw new ArgumentException($"A softmax was given rows of {length} and {other} values; expected equal lengths.");
        }

        if (!(temperature > 0f && float.IsFinite(temperature)))
        {
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "The temperature of a softmax must be above 0.");
        }
    }
}
