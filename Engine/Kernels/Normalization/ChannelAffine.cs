using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Normalization;

/// <summary>y = activation(x · scale + shift) with a factor and a summand for each channel of [rows, channels].</summary>
/// <remarks>The arithmetic is that of <see cref="Epilogue"/>, so that a normalisation fused into a convolution gives the same bits.</remarks>
public static class ChannelAffine
{
    /// <summary>Applies the function to rows.</summary>
    /// <param name="input">x, whole rows.</param>
    /// <param name="scale">The factor of each channel; its length is the number of channels.</param>
    /// <param name="shift">The summand of each channel.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="output">y, as long as x; it may be x itself.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Forward(
        ReadOnlySpan<float> input, ReadOnlySpan<float> scale, ReadOnlySpan<float> shift, Activation activation, Span<float> output)
    {
        int channels = scale.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1, nameof(scale));
        RowCheck.Length(shift.Length, channels, "shifts");
        if (input.Length % channels != 0 || output.Length != input.Length)
        {
            throw new ArgumentException($"{input.Length} values in and {output.Length} out; expected the same number, in rows of {channels}.");
        }

        EpilogueSteps steps = EpilogueSteps.Scale | EpilogueSteps.Shift | (activation == Activation.Relu ? EpilogueSteps.Relu : 0);
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float y = ref MemoryMarshal.GetReference(output);
        ref float factor = ref MemoryMarshal.GetReference(scale);
        ref float summand = ref MemoryMarshal.GetReference(shift);
        int whole = channels - (channels % Vector<float>.Count);
        int rest = channels - whole;
        Vector<float> lastScale = rest == 0 ? default : PartialVector.Load(scale, whole, rest);
        Vector<float> lastShift = rest == 0 ? default : PartialVector.Load(shift, whole, rest);
        for (int row = 0; row < input.Length; row += channels)
        {
            // Whole vectors within the row: row + c + Count is at most the length that both spans were checked to have.
            for (int c = 0; c < whole; c += Vector<float>.Count)
            {
                Vector<float> value = Vector.MultiplyAddEstimate(
                    Vector.LoadUnsafe(ref x, (nuint)(row + c)), Vector.LoadUnsafe(ref factor, (nuint)c), Vector.LoadUnsafe(ref summand, (nuint)c));
                Activate(steps, value).StoreUnsafe(ref y, (nuint)(row + c));
            }

            if (rest != 0)
            {
                Vector<float> value = Vector.MultiplyAddEstimate(PartialVector.Load(input, row + whole, rest), lastScale, lastShift);
                PartialVector.Store(Activate(steps, value), output.Slice(row + whole, rest));
            }
        }
    }

    /// <summary>The same, value by value.</summary>
    internal static T Reference<T>(T x, T scale, T shift, Activation activation)
        where T : IFloatingPointIeee754<T>
    {
        T y = (x * scale) + shift;
        return activation == Activation.Relu && y < T.Zero ? T.Zero : y;
    }

    // A comparison and not a maximum: NaN must stay NaN on every processor.
    private static Vector<float> Activate(EpilogueSteps steps, Vector<float> value) => (steps & EpilogueSteps.Relu) != 0
        ? Vector.ConditionalSelect(Vector.LessThan(value, Vector<float>.Zero), Vector<float>.Zero, value)
        : value;
}
