using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>Applies a function of one number to each element of a span, forward and backward.</summary>
/// <remarks>The last elements, fewer than a vector, go through a vector of scratch: they get the arithmetic of all others.</remarks>
public static class ElementMap
{
    /// <summary>output[i] = f(input[i]).</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="function">f.</param>
    /// <param name="input">The arguments.</param>
    /// <param name="output">As long as the input; it may be the input itself.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Forward<TFunction>(TFunction function, ReadOnlySpan<float> input, Span<float> output)
        where TFunction : struct, IElementFunction
    {
        CheckLength(output.Length, input.Length, "inputs");
        ref float from = ref MemoryMarshal.GetReference(input);
        ref float to = ref MemoryMarshal.GetReference(output);
        int i = 0;

        // Whole vectors only: i + Count never passes the length that both spans were checked to have.
        for (; i <= input.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            function.Value(Vector.LoadUnsafe(ref from, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        }

        if (i < input.Length)
        {
            Span<float> rest = stackalloc float[Vector<float>.Count];
            Store(function.Value(Rest(input[i..], rest)), rest, output[i..]);
        }
    }

    /// <summary>inputGradient[i] = f′(input[i]) · outputGradient[i], or adds it.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="function">f.</param>
    /// <param name="input">The arguments.</param>
    /// <param name="output">Their values.</param>
    /// <param name="outputGradient">The gradient with respect to the values.</param>
    /// <param name="inputGradient">The gradient with respect to the arguments.</param>
    /// <param name="accumulate">Whether to add to what is there.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Backward<TFunction>(
        TFunction function,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient,
        bool accumulate)
        where TFunction : struct, IElementFunction
    {
        CheckLength(inputGradient.Length, input.Length, "inputs");
        CheckLength(inputGradient.Length, output.Length, "outputs");
        CheckLength(inputGradient.Length, outputGradient.Length, "output gradients");
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float y = ref MemoryMarshal.GetReference(output);
        ref float g = ref MemoryMarshal.GetReference(outputGradient);
        ref float to = ref MemoryMarshal.GetReference(inputGradient);
        int i = 0;

        // Whole vectors only: i + Count never passes the length that all spans were checked to have.
        for (; i <= input.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> gradient = function.Slope(Vector.LoadUnsafe(ref x, (nuint)i), Vector.LoadUnsafe(ref y, (nuint)i)) * Vector.LoadUnsafe(ref g, (nuint)i);
            if (accumulate)
            {
                gradient += Vector.LoadUnsafe(ref to, (nuint)i);
            }

            gradient.StoreUnsafe(ref to, (nuint)i);
        }

        if (i < input.Length)
        {
            Span<float> rest = stackalloc float[Vector<float>.Count];
            Vector<float> slope = function.Slope(Rest(input[i..], rest), Rest(output[i..], rest));
            Vector<float> gradient = slope * Rest(outputGradient[i..], rest);
            if (accumulate)
            {
                gradient += Rest(inputGradient[i..], rest);
            }

            Store(gradient, rest, inputGradient[i..]);
        }
    }

    /// <summary>The forward pass, value by value.</summary>
    internal static void Reference<T, TFunction>(TFunction function, ReadOnlySpan<T> input, Span<T> output)
        where T : IFloatingPointIeee754<T>
        where TFunction : struct, IElementFunction
    {
        for (int i = 0; i < input.Length; i++)
        {
            output[i] = function.Reference(input[i]);
        }
    }

    private static Vector<float> Rest(ReadOnlySpan<float> values, Span<float> scratch)
    {
        values.CopyTo(scratch);
        return new Vector<float>(scratch);
    }

    private static void Store(Vector<float> values, Span<float> scratch, Span<float> destination)
    {
        values.CopyTo(scratch);
        scratch[..destination.Length].CopyTo(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckLength(int expected, int found, string what)
    {
        if (found != expected)
        {
            throw new ArgumentException($"There are {found} {what}; expected {expected}.");
        }
    }
}
