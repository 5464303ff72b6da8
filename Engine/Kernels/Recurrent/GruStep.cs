using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Recurrent;

/// <summary>
/// What follows the two matrix products of a GRU step (Cho et al., 2014, in PyTorch's form), for one sample, with gates r, z, n one after the
/// other: r = σ(xr + hr), z = σ(xz + hz), n = tanh(xn + r·hn), h′ = (1 − z)·n + z·h.
/// </summary>
public static class GruStep
{
    /// <summary>One step.</summary>
    /// <param name="inputGates">x, what the input contributes to the gates, [3 · H].</param>
    /// <param name="hiddenGates">What the hidden state contributes to the gates, [3 · H].</param>
    /// <param name="hidden">h, [H].</param>
    /// <param name="gates">Gets the gates after their functions, [3 · H]: the backward pass needs them.</param>
    /// <param name="newHidden">Gets h′, [H].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Forward(ReadOnlySpan<float> inputGates, ReadOnlySpan<float> hiddenGates, ReadOnlySpan<float> hidden, Span<float> gates, Span<float> newHidden)
    {
        int width = hidden.Length;
        Check(width, inputGates.Length, hiddenGates.Length, gates.Length, newHidden.Length);
        for (int j = 0; j < width; j += Vector<float>.Count)
        {
            Vector<float> r = VectorMath.Sigmoid(Gate(inputGates, 0, width, j) + Gate(hiddenGates, 0, width, j));
            Vector<float> z = VectorMath.Sigmoid(Gate(inputGates, 1, width, j) + Gate(hiddenGates, 1, width, j));
            Vector<float> n = VectorMath.Tanh(Vector.MultiplyAddEstimate(r, Gate(hiddenGates, 2, width, j), Gate(inputGates, 2, width, j)));
            VectorPart.Store(r, gates[..width], j);
            VectorPart.Store(z, gates.Slice(width, width), j);
            VectorPart.Store(n, gates.Slice(2 * width, width), j);
            VectorPart.Store(Vector.MultiplyAddEstimate(z, VectorPart.Load(hidden, j), (Vector<float>.One - z) * n), newHidden, j);
        }
    }

    /// <summary>One step in place, for inference: the bits of <see cref="Forward"/>.</summary>
    /// <param name="inputGates">What the input contributes to the gates, [3 · H].</param>
    /// <param name="hiddenSums">What the hidden state contributes to the gates, without its bias, [3 · H].</param>
    /// <param name="hiddenBias">That bias, [3 · H], or nothing.</param>
    /// <param name="hidden">h, on return h′, [H].</param>
    internal static void Advance(ReadOnlySpan<float> inputGates, ReadOnlySpan<float> hiddenSums, ReadOnlySpan<float> hiddenBias, Span<float> hidden)
    {
        int width = hidden.Length;
        Check(width, inputGates.Length, hiddenSums.Length, hiddenBias.IsEmpty ? 3 * width : hiddenBias.Length, width);
        int whole = width - (width % Vector<float>.Count);
        ref float x = ref MemoryMarshal.GetReference(inputGates);
        ref float s = ref MemoryMarshal.GetReference(hiddenSums);
        bool hasBias = !hiddenBias.IsEmpty;
        AdvanceWhole(ref x, ref s, ref MemoryMarshal.GetReference(hiddenBias), hasBias, ref MemoryMarshal.GetReference(hidden), width, whole);
        if (whole == width)
        {
            return;
        }

        // The last units as a layer of one vector of them.
        int lanes = Vector<float>.Count;
        Span<float> part = stackalloc float[10 * lanes];
        part.Clear();
        VectorPart.CopyRest(inputGates, width, whole, part[..(3 * lanes)]);
        VectorPart.CopyRest(hiddenSums, width, whole, part.Slice(3 * lanes, 3 * lanes));
        VectorPart.CopyRest(hiddenBias, width, whole, part.Slice(6 * lanes, 3 * lanes));
        hidden[whole..].CopyTo(part[(9 * lanes)..]);
        ref float p = ref MemoryMarshal.GetReference(part);
        AdvanceWhole(ref p, ref Unsafe.Add(ref p, 3 * lanes), ref Unsafe.Add(ref p, 6 * lanes), hasBias, ref Unsafe.Add(ref p, 9 * lanes), lanes, lanes);
        part.Slice(9 * lanes, width - whole).CopyTo(hidden[whole..]);
    }

    // Whole vectors up to an end within each gate, whose lengths have been checked. Without a call in the loop, so that constants stay in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AdvanceWhole(
        ref float inputGates, ref float hiddenSums, ref float hiddenBias, bool hasBias, ref float hidden, nint width, nint end)
    {
        for (nint j = 0; j < end; j += Vector<float>.Count)
        {
            Vector<float> r = VectorMath.Sigmoid(VectorPart.Sum(ref inputGates, ref hiddenSums, ref hiddenBias, hasBias, j));
            Vector<float> z = VectorMath.Sigmoid(VectorPart.Sum(ref inputGates, ref hiddenSums, ref hiddenBias, hasBias, j + width));
            nint last = j + (2 * width);
            Vector<float> own = Vector.LoadUnsafe(ref hiddenSums, (nuint)last);
            own = hasBias ? own + Vector.LoadUnsafe(ref hiddenBias, (nuint)last) : own;
            Vector<float> n = VectorMath.Tanh(Vector.MultiplyAddEstimate(r, own, Vector.LoadUnsafe(ref inputGates, (nuint)last)));
            Vector<float> h = Vector.LoadUnsafe(ref hidden, (nuint)j);
            Vector.MultiplyAddEstimate(z, h, (Vector<float>.One - z) * n).StoreUnsafe(ref hidden, (nuint)j);
        }
    }

    /// <summary>The gradients of one step.</summary>
    /// <param name="gates">The gates after their functions, [3 · H].</param>
    /// <param name="hiddenGates">What the hidden state contributed to the gates, [3 · H].</param>
    /// <param name="hidden">h, [H].</param>
    /// <param name="gradient">With respect to h′, [H].</param>
    /// <param name="inputGateGradient">Gets the gradient with respect to the input's share, [3 · H].</param>
    /// <param name="hiddenGateGradient">Gets the gradient with respect to the hidden state's share, [3 · H].</param>
    /// <param name="hiddenGradient">Gets the gradient with respect to h where it enters h′ directly, [H].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Backward(
        ReadOnlySpan<float> gates,
        ReadOnlySpan<float> hiddenGates,
        ReadOnlySpan<float> hidden,
        ReadOnlySpan<float> gradient,
        Span<float> inputGateGradient,
        Span<float> hiddenGateGradient,
        Span<float> hiddenGradient)
    {
        int width = hidden.Length;
        Check(width, inputGateGradient.Length, hiddenGateGradient.Length, gates.Length, gradient.Length);
        Vector<float> one = Vector<float>.One;
        for (int j = 0; j < width; j += Vector<float>.Count)
        {
            Vector<float> r = Gate(gates, 0, width, j);
            Vector<float> z = Gate(gates, 1, width, j);
            Vector<float> n = Gate(gates, 2, width, j);
            Vector<float> dh = VectorPart.Load(gradient, j);
            Vector<float> dn = dh * (one - z) * Vector.MultiplyAddEstimate(-n, n, one);
            Vector<float> dz = dh * (VectorPart.Load(hidden, j) - n) * z * (one - z);
            Vector<float> dr = dn * Gate(hiddenGates, 2, width, j) * r * (one - r);
            VectorPart.Store(dr, inputGateGradient[..width], j);
            VectorPart.Store(dr, hiddenGateGradient[..width], j);
            VectorPart.Store(dz, inputGateGradient.Slice(width, width), j);
            VectorPart.Store(dz, hiddenGateGradient.Slice(width, width), j);
            VectorPart.Store(dn, inputGateGradient.Slice(2 * width, width), j);
            VectorPart.Store(dn * r, hiddenGateGradient.Slice(2 * width, width), j);
            VectorPart.Store(dh * z, hiddenGradient, j);
        }
    }

    /// <summary>One step, value by value, in any precision.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> inputGates, ReadOnlySpan<T> hiddenGates, ReadOnlySpan<T> hidden, Span<T> newHidden)
        where T : IFloatingPointIeee754<T>
    {
        int width = hidden.Length;
        for (int j = 0; j < width; j++)
        {
            T r = T.One / (T.One + T.Exp(-(inputGates[j] + hiddenGates[j])));
            T z = T.One / (T.One + T.Exp(-(inputGates[width + j] + hiddenGates[width + j])));
            T n = T.Tanh(inputGates[(2 * width) + j] + (r * hiddenGates[(2 * width) + j]));
            newHidden[j] = ((T.One - z) * n) + (z * hidden[j]);
        }
    }

    private static Vector<float> Gate(ReadOnlySpan<float> gates, int gate, int width, int j) =>
        VectorPart.Load(gates.Slice(gate * width, width), j);

    private static void Check(int width, int gates1, int gates2, int gates3, int state)
    {
        if (gates1 != 3 * width || gates2 != 3 * width || gates3 != 3 * width || state != width)
        {
            throw new ArgumentException($"There are {gates1}, {gates2} and {gates3} gates and {state} states for a hidden state of {width}; expected {3 * width} and {width}.");
        }
    }
}
