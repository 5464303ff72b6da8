using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ManagedDyn.Engine.Kernels.Elementwise;

namespace ManagedDyn.Engine.Kernels.Recurrent;

/// <summary>
/// What follows the two matrix products of an LSTM step (Hochreiter and Schmidhuber, 1997), for one sample: with the sums of gates
/// i, f, g, o one after the other, c′ = σ(f)·c + σ(i)·tanh(g) and h′ = σ(o)·tanh(c′).
/// </summary>
public static class LstmStep
{
    /// <summary>One step.</summary>
    /// <param name="inputGates">What the input contributes to the gates, [4 · H].</param>
    /// <param name="hiddenGates">What the hidden state contributes to the gates, [4 · H].</param>
    /// <param name="cell">c, [H].</param>
    /// <param name="gates">Gets the gates after their functions, [4 · H]: the backward pass needs them.</param>
    /// <param name="newCell">Gets c′, [H].</param>
    /// <param name="hidden">Gets h′, [H].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Forward(ReadOnlySpan<float> inputGates, ReadOnlySpan<float> hiddenGates, ReadOnlySpan<float> cell, Span<float> gates, Span<float> newCell, Span<float> hidden)
    {
        int width = cell.Length;
        Check(width, inputGates.Length, hiddenGates.Length, gates.Length, newCell.Length, hidden.Length);
        for (int j = 0; j < width; j += Vector<float>.Count)
        {
            Vector<float> i = VectorMath.Sigmoid(Sum(inputGates, hiddenGates, 0, width, j));
            Vector<float> f = VectorMath.Sigmoid(Sum(inputGates, hiddenGates, 1, width, j));
            Vector<float> g = VectorMath.Tanh(Sum(inputGates, hiddenGates, 2, width, j));
            Vector<float> o = VectorMath.Sigmoid(Sum(inputGates, hiddenGates, 3, width, j));
            Vector<float> c = Vector.MultiplyAddEstimate(f, VectorPart.Load(cell, j), i * g);
            VectorPart.Store(i, gates[..width], j);
            VectorPart.Store(f, gates.Slice(width, width), j);
            VectorPart.Store(g, gates.Slice(2 * width, width), j);
            VectorPart.Store(o, gates.Slice(3 * width, width), j);
            VectorPart.Store(c, newCell, j);
            VectorPart.Store(o * VectorMath.Tanh(c), hidden, j);
        }
    }

    /// <summary>One step in place, for inference: the bits of <see cref="Forward"/>.</summary>
    /// <param name="inputGates">What the input contributes to the gates, [4 · H].</param>
    /// <param name="hiddenSums">What the hidden state contributes to the gates, without its bias, [4 · H].</param>
    /// <param name="hiddenBias">That bias, [4 · H], or nothing.</param>
    /// <param name="cell">c, on return c′, [H].</param>
    /// <param name="hidden">Gets h′, [H].</param>
    internal static void Advance(
        ReadOnlySpan<float> inputGates, ReadOnlySpan<float> hiddenSums, ReadOnlySpan<float> hiddenBias, Span<float> cell, Span<float> hidden)
    {
        int width = cell.Length;
        Check(width, inputGates.Length, hiddenSums.Length, hiddenBias.IsEmpty ? 4 * width : hiddenBias.Length, width, hidden.Length);
        int whole = width - (width % Vector<float>.Count);
        ref float x = ref MemoryMarshal.GetReference(inputGates);
        ref float s = ref MemoryMarshal.GetReference(hiddenSums);
        ref float b = ref MemoryMarshal.GetReference(hiddenBias);
        bool hasBias = !hiddenBias.IsEmpty;
        AdvanceWhole(ref x, ref s, ref b, hasBias, ref MemoryMarshal.GetReference(cell), ref MemoryMarshal.GetReference(hidden), width, whole);
        if (whole == width)
        {
            return;
        }

        // The last units as a layer of one vector of them.
        int lanes = Vector<float>.Count;
        Span<float> part = stackalloc float[14 * lanes];
        part.Clear();
        VectorPart.CopyRest(inputGates, width, whole, part[..(4 * lanes)]);
        VectorPart.CopyRest(hiddenSums, width, whole, part.Slice(4 * lanes, 4 * lanes));
        VectorPart.CopyRest(hiddenBias, width, whole, part.Slice(8 * lanes, 4 * lanes));
        cell[whole..].CopyTo(part[(12 * lanes)..]);
        ref float p = ref MemoryMarshal.GetReference(part);
        ref float c = ref Unsafe.Add(ref p, 12 * lanes);
        AdvanceWhole(ref p, ref Unsafe.Add(ref p, 4 * lanes), ref Unsafe.Add(ref p, 8 * lanes), hasBias, ref c, ref Unsafe.Add(ref c, lanes), lanes, lanes);
        part.Slice(12 * lanes, width - whole).CopyTo(cell[whole..]);
        part.Slice(13 * lanes, width - whole).CopyTo(hidden[whole..]);
    }

    // Whole vectors up to an end within each gate, whose lengths have been checked. Without a call in the loop, so that constants stay in registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AdvanceWhole(
        ref float inputGates, ref float hiddenSums, ref float hiddenBias, bool hasBias, ref float cell, ref float hidden, nint width, nint end)
    {
        for (nint j = 0; j < end; j += Vector<float>.Count)
        {
            Vector<float> i = VectorMath.Sigmoid(VectorPart.Sum(ref inputGates, ref hiddenSums, ref hiddenBias, hasBias, j));
            Vector<float> f = VectorMath.Sigmoid(VectorPart.Sum(ref inputGates, ref hiddenSums, ref hiddenBias, hasBias, j + width));
            Vector<float> g = VectorMath.Tanh(VectorPart.Sum(ref inputGates, ref hiddenSums, ref hiddenBias, hasBias, j + (2 * width)));
            Vector<float> o = VectorMath.Sigmoid(VectorPart.Sum(ref inputGates, ref hiddenSums, ref hiddenBias, hasBias, j + (3 * width)));
            Vector<float> c = Vector.MultiplyAddEstimate(f, Vector.LoadUnsafe(ref cell, (nuint)j), i * g);
            c.StoreUnsafe(ref cell, (nuint)j);
            (o * VectorMath.Tanh(c)).StoreUnsafe(ref hidden, (nuint)j);
        }
    }

    /// <summary>The gradients of one step.</summary>
    /// <param name="gates">The gates after their functions, [4 · H].</param>
    /// <param name="cell">c, [H].</param>
    /// <param name="newCell">c′, [H].</param>
    /// <param name="newCellGradient">With respect to c′, [H].</param>
    /// <param name="hiddenGradient">With respect to h′, [H].</param>
    /// <param name="gateGradient">Gets the gradient with respect to the sums of the gates, [4 · H].</param>
    /// <param name="cellGradient">Gets the gradient with respect to c, [H].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void Backward(
        ReadOnlySpan<float> gates,
        ReadOnlySpan<float> cell,
        ReadOnlySpan<float> newCell,
        ReadOnlySpan<float> newCellGradient,
        ReadOnlySpan<float> hiddenGradient,
        Span<float> gateGradient,
        Span<float> cellGradient)
    {
        int width = cell.Length;
        Check(width, gates.Length, gateGradient.Length, gates.Length, newCell.Length, hiddenGradient.Length);
        Vector<float> one = Vector<float>.One;
        for (int j = 0; j < width; j += Vector<float>.Count)
        {
            Vector<float> i = VectorPart.Load(gates[..width], j);
            Vector<float> f = VectorPart.Load(gates.Slice(width, width), j);
            Vector<float> g = VectorPart.Load(gates.Slice(2 * width, width), j);
            Vector<float> o = VectorPart.Load(gates.Slice(3 * width, width), j);
            Vector<float> t = VectorMath.Tanh(VectorPart.Load(newCell, j));
            Vector<float> dh = VectorPart.Load(hiddenGradient, j);
            Vector<float> dc = Vector.MultiplyAddEstimate(dh * o, Vector.MultiplyAddEstimate(-t, t, one), VectorPart.Load(newCellGradient, j));
            VectorPart.Store(dc * g * i * (one - i), gateGradient[..width], j);
            VectorPart.Store(dc * VectorPart.Load(cell, j) * f * (one - f), gateGradient.Slice(width, width), j);
            VectorPart.Store(dc * i * Vector.MultiplyAddEstimate(-g, g, one), gateGradient.Slice(2 * width, width), j);
            VectorPart.Store(dh * t * o * (one - o), gateGradient.Slice(3 * width, width), j);
            VectorPart.Store(dc * f, cellGradient, j);
        }
    }

    /// <summary>One step, value by value, in any precision.</summary>
    internal static void Reference<T>(ReadOnlySpan<T> sums, ReadOnlySpan<T> cell, Span<T> newCell, Span<T> hidden)
        where T : IFloatingPointIeee754<T>
    {
        int width = cell.Length;
        for (int j = 0; j < width; j++)
        {
            T i = T.One / (T.One + T.Exp(-sums[j]));
            T f = T.One / (T.One + T.Exp(-sums[width + j]));
            T g = T.Tanh(sums[(2 * width) + j]);
            T o = T.One / (T.One + T.Exp(-sums[(3 * width) + j]));
            newCell[j] = (f * cell[j]) + (i * g);
            hidden[j] = o * T.Tanh(newCell[j]);
        }
    }

    private static Vector<float> Sum(ReadOnlySpan<float> left, ReadOnlySpan<float> right, int gate, int width, int j) =>
        VectorPart.Load(left.Slice(gate * width, width), j) + VectorPart.Load(right.Slice(gate * width, width), j);

    private static void Check(int width, int gates1, int gates2, int gates3, int state1, int state2)
    {
        if (gates1 != 4 * width || gates2 != 4 * width || gates3 != 4 * width || state1 != width || state2 != width)
        {
            throw new ArgumentException($"There are {gates1}, {gates2} and {gates3} gates and {state1} and {state2} states for a cell of {width}; expected {4 * width} and {width}.");
        }
    }
}
