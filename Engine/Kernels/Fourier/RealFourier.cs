using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Fourier;

/// <summary>
/// The discrete Fourier transform of real signals whose length N is a power of two: |X_k|² for k from 0 to N / 2, X_k = Σ_n x_n·exp(−2πi·k·n / N). Pairs of samples
/// are taken as complex numbers, N / 2 of them, transformed by Stockham's method in passes of four (and one of two where the number of halvings is odd), and taken
/// apart at the end. Immutable; scratch memory is the caller's.
/// </summary>
public sealed class RealFourier
{
    /// <summary>The longest signal.</summary>
    public const int LongestSize = 1 << 16;

    // exp(−2πi·k / N) for k from 0 to N / 2: those of the half length are every second of them.
    private readonly float[] _cosines;
    private readonly float[] _sines;

    /// <summary>Prepares transforms of one length.</summary>
    /// <param name="size">N, a power of two from 4 to <see cref="LongestSize"/>.</param>
    public RealFourier(int size)
    {
        if (size is < 4 or > LongestSize || !BitOperations.IsPow2(size))
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, $"Expected a power of two from 4 to {LongestSize}.");
        }

        Size = size;
        _cosines = new float[(size / 2) + 1];
        _sines = new float[(size / 2) + 1];
        for (int k = 0; k < _cosines.Length; k++)
        {
            (double sine, double cosine) = Math.SinCos(-2 * Math.PI * k / size);
            _cosines[k] = (float)cosine;
            _sines[k] = (float)sine;
        }
    }

    /// <summary>N.</summary>
    public int Size { get; }

    /// <summary>The number of values of a result, N / 2 + 1.</summary>
    public int PowerCount => (Size / 2) + 1;

    /// <summary>The number of elements of scratch memory, 2·N.</summary>
    public int ScratchLength => 2 * Size;

    /// <summary>|X_k|² of a signal.</summary>
    /// <param name="signal">N samples.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="power">Gets <see cref="PowerCount"/> values.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Power(ReadOnlySpan<float> signal, Span<float> scratch, Span<float> power)
    {
        if (signal.Length != Size || scratch.Length != ScratchLength || power.Length != PowerCount)
        {
            throw new ArgumentException($"{signal.Length} samples, {scratch.Length} elements of scratch and {power.Length} of the result were given; expected {Size}, {ScratchLength} and {PowerCount}.", nameof(signal));
        }

        int half = Size / 2;
        Span<float> real = scratch[..half];
        Span<float> imaginary = scratch.Slice(half, half);
        for (int i = 0; i < half; i++)
        {
            real[i] = signal[2 * i];
            imaginary[i] = signal[(2 * i) + 1];
        }

        int place = Transform(half, scratch);
        TakeApart(scratch.Slice(place, half), scratch.Slice(place + half, half), power);
    }

    // From the first half of the scratch memory to one of its halves; returns where the result begins.
    private int Transform(int count, Span<float> scratch)
    {
        int from = 0;
        int to = 2 * count;
        int length = count;
        for (int stride = 1; length >= 4; stride *= 4, length /= 4)
        {
            Quarter(length, stride, scratch.Slice(from, 2 * count), scratch.Slice(to, 2 * count));
            (from, to) = (to, from);
        }

        if (length == 2)
        {
            Span<float> last = scratch.Slice(from, 2 * count);
            Halve(last[..count]);
            Halve(last[count..]);
        }

        return from;
    }

    // One pass of four: `length` is that of the transforms that are left, `stride` the number of them.
    private void Quarter(int length, int stride, ReadOnlySpan<float> from, Span<float> to)
    {
        int count = length * stride;
        int quarter = count / 4;
        int turn = Size / length;
        for (int p = 0; p < length / 4; p++)
        {
            int start = p * stride;
            FourWay way = new(
                from.Slice(start, count - start), from.Slice(count + start), to.Slice(4 * start, 4 * stride), to.Slice(count + (4 * start), 4 * stride), quarter, stride);
            way.Run(_cosines.AsSpan(), _sines.AsSpan(), p * turn);
        }
    }

    private static void Halve(Span<float> values)
    {
        int half = values.Length / 2;
        for (int q = 0; q < half; q++)
        {
            (float a, float b) = (values[q], values[q + half]);
            values[q] = a + b;
            values[q + half] = a - b;
        }
    }

    // X_k = (Z_k + Z̄_{h−k}) / 2 − i·w^k·(Z_k − Z̄_{h−k}) / 2 with Z_h = Z_0.
    private void TakeApart(ReadOnlySpan<float> real, ReadOnlySpan<float> imaginary, Span<float> power)
    {
        int half = real.Length;
        for (int k = 0; k <= half; k++)
        {
            (int first, int mirror) = (k == half ? 0 : k, k == 0 ? 0 : half - k);
            float evenReal = 0.5f * (real[first] + real[mirror]);
            float evenImaginary = 0.5f * (imaginary[first] - imaginary[mirror]);
            float oddReal = 0.5f * (imaginary[first] + imaginary[mirror]);
            float oddImaginary = 0.5f * (real[mirror] - real[first]);
            float sumReal = evenReal + ((_cosines[k] * oddReal) - (_sines[k] * oddImaginary));
            float sumImaginary = evenImaginary + ((_cosines[k] * oddImaginary) + (_sines[k] * oddReal));
            power[k] = (sumReal * sumReal) + (sumImaginary * sumImaginary);
        }
    }
}
