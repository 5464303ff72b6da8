using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels;

/// <summary>
/// What a matrix multiply or convolution does to each sum as it is stored: y = activation(sum · scale + shift + residual), each step
/// only where it is given. The default value stores the sums as they are.
/// </summary>
/// <remarks>
/// The arithmetic is that of <see cref="ApplyTo"/> on the stored sums, bit for bit: fusing the steps saves memory traffic and changes nothing.
/// </remarks>
public readonly ref struct Epilogue
{
    /// <summary>Factor of each output channel, indexed by channel; empty: 1.</summary>
    public ReadOnlySpan<float> Scale { get; init; }

    /// <summary>Summand of each output channel, indexed by channel: a bias, or a folded normalisation; empty: 0.</summary>
    public ReadOnlySpan<float> Shift { get; init; }

    /// <summary>
    /// Summand of each output, laid out as the output is (for a selection, at the place that the output has); empty: 0. It may be the output
    /// itself, which adds to what is there.
    /// </summary>
    public ReadOnlySpan<float> Residual { get; init; }

    /// <summary>The function applied last.</summary>
    public Activation Activation { get; init; }

    internal EpilogueSteps Steps =>
        (Scale.IsEmpty ? 0 : EpilogueSteps.Scale)
        | (Shift.IsEmpty ? 0 : EpilogueSteps.Shift)
        | (Residual.IsEmpty ? 0 : EpilogueSteps.Residual)
        | (Activation == Activation.Relu ? EpilogueSteps.Relu : 0);

    /// <summary>Applies the steps to sums that were stored without them.</summary>
    /// <param name="output">Rows of one value for each channel, row-major; changed in place.</param>
    /// <param name="channels">The number of channels.</param>
    /// <exception cref="ArgumentException">Spans do not fit each other.</exception>
    public void ApplyTo(Span<float> output, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (output.Length % channels != 0)
        {
            throw new ArgumentException($"The output has {output.Length} values; expected whole rows of {channels}.", nameof(output));
        }

        Check(channels, output.Length);
        Span<float> sum = stackalloc float[Vector<float>.Count];
        Span<float> scale = stackalloc float[Vector<float>.Count];
        Span<float> shift = stackalloc float[Vector<float>.Count];
        Span<float> residual = stackalloc float[Vector<float>.Count];
        for (int row = 0; row < output.Length; row += channels)
        {
            // Every value goes through one vector of scratch, whole or in part: a last channel gets the arithmetic of the first.
            for (int channel = 0; channel < channels; channel += sum.Length)
            {
                int count = Math.Min(sum.Length, channels - channel);
                Span<float> target = output.Slice(row + channel, count);
                target.CopyTo(sum);
                Part(Scale, channel, count).CopyTo(scale);
                Part(Shift, channel, count).CopyTo(shift);
                Part(Residual, row + channel, count).CopyTo(residual);
                Vector<float> value = Apply(Steps, new Vector<float>(sum), ref scale[0], ref shift[0], ref residual[0]);
                value.CopyTo(sum);
                sum[..count].CopyTo(target);
            }
        }
    }

    /// <summary>Applies the steps to one vector of sums; each operand that a step needs is read as a whole vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<float> Apply(EpilogueSteps steps, Vector<float> sum, ref float scale, ref float shift, ref float residual)
    {
        if ((steps & EpilogueSteps.Scale) != 0)
        {
            Vector<float> factor = Vector.LoadUnsafe(ref scale);
            sum = (steps & EpilogueSteps.Shift) != 0
                ? Vector.MultiplyAddEstimate(sum, factor, Vector.LoadUnsafe(ref shift))
                : sum * factor;
        }
        else if ((steps & EpilogueSteps.Shift) != 0)
        {
            sum += Vector.LoadUnsafe(ref shift);
        }

        if ((steps & EpilogueSteps.Residual) != 0)
        {
            sum += Vector.LoadUnsafe(ref residual);
        }

        // A comparison and not a maximum: NaN must stay NaN on every processor.
        return (steps & EpilogueSteps.Relu) != 0
            ? Vector.ConditionalSelect(Vector.LessThan(sum, Vector<float>.Zero), Vector<float>.Zero, sum)
            : sum;
    }

    /// <summary>The same steps for an output that starts later.</summary>
    /// <param name="start">The element of this output that is its first.</param>
    internal Epilogue From(int start) => new()
    {
        Scale = Scale,
        Shift = Shift,
        Residual = Residual.IsEmpty ? Residual : Residual[start..],
        Activation = Activation,
    };

    /// <summary>Checks that the operands fit an output.</summary>
    /// <param name="channels">Output channels.</param>
    /// <param name="outputLength">Elements of the output.</param>
    internal void Check(int channels, int outputLength)
    {
        if (!Scale.IsEmpty && Scale.Length != channels)
        {
            throw new ArgumentException($"The epilogue's scale has {Scale.Length} values; expected one for each of {channels} output channels.");
        }

        if (!Shift.IsEmpty && Shift.Length != channels)
        {
            throw new ArgumentException($"The epilogue's shift has {Shift.Length} values; expected one for each of {channels} output channels.");
        }

        if (!Residual.IsEmpty && Residual.Length < outputLength)
        {
            throw new ArgumentException($"The epilogue's residual has {Residual.Length} values; expected at least the output's {outputLength}.");
        }

        if (Activation is not (Activation.None or Activation.Relu))
        {
            throw new ArgumentException($"The epilogue's activation is {Activation}; expected a named one.");
        }
    }

    private static ReadOnlySpan<float> Part(ReadOnlySpan<float> values, int start, int count) =>
        values.IsEmpty ? values : values.Slice(start, count);
}
