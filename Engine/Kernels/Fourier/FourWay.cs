using System;
using System.Numerics;

namespace ManagedDyn.Engine.Kernels.Fourier;

/// <summary>
/// The butterflies of a pass of four that share their factors: of a, b, c, d, a quarter of the data apart, a + c + b + d, w·(a − c − i·(b − d)), w²·(a + c − b − d) and
/// w³·(a − c + i·(b − d)), <paramref name="stride"/> times side by side. What is left over behind whole vectors runs the same arithmetic.
/// </summary>
internal readonly ref struct FourWay(
    ReadOnlySpan<float> real, ReadOnlySpan<float> imaginary, Span<float> toReal, Span<float> toImaginary, int quarter, int stride)
{
    private readonly ReadOnlySpan<float> _real = real;
    private readonly ReadOnlySpan<float> _imaginary = imaginary;
    private readonly Span<float> _toReal = toReal;
    private readonly Span<float> _toImaginary = toImaginary;

    /// <summary>Runs them.</summary>
    /// <param name="cosines">Of the whole table.</param>
    /// <param name="sines">Of the whole table.</param>
    /// <param name="turn">Where w stands in it.</param>
    public void Run(ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, int turn)
    {
        Factors factors = new(cosines, sines, turn);
        int q = 0;
        for (; q <= stride - Vector<float>.Count; q += Vector<float>.Count)
        {
            Vectors(q, in factors);
        }

        for (; q < stride; q++)
        {
            Scalars(q, in factors);
        }
    }

    private void Scalars(int q, in Factors w)
    {
        (float ar, float ai) = (_real[q], _imaginary[q]);
        (float br, float bi) = (_real[q + quarter], _imaginary[q + quarter]);
        (float cr, float ci) = (_real[q + (2 * quarter)], _imaginary[q + (2 * quarter)]);
        (float dr, float di) = (_real[q + (3 * quarter)], _imaginary[q + (3 * quarter)]);
        (float sumR, float sumI, float gapR, float gapI) = (ar + cr, ai + ci, ar - cr, ai - ci);
        (float sideR, float sideI, float turnR, float turnI) = (br + dr, bi + di, bi - di, dr - br);
        _toReal[q] = sumR + sideR;
        _toImaginary[q] = sumI + sideI;
        (float r, float i) = (gapR + turnR, gapI + turnI);
        _toReal[q + stride] = (w.Real1 * r) - (w.Imaginary1 * i);
        _toImaginary[q + stride] = (w.Real1 * i) + (w.Imaginary1 * r);
        (r, i) = (sumR - sideR, sumI - sideI);
        _toReal[q + (2 * stride)] = (w.Real2 * r) - (w.Imaginary2 * i);
        _toImaginary[q + (2 * stride)] = (w.Real2 * i) + (w.Imaginary2 * r);
        (r, i) = (gapR - turnR, gapI - turnI);
        _toReal[q + (3 * stride)] = (w.Real3 * r) - (w.Imaginary3 * i);
        _toImaginary[q + (3 * stride)] = (w.Real3 * i) + (w.Imaginary3 * r);
    }

    private void Vectors(int q, in Factors w)
    {
        Vector<float> ar = Load(_real, q), ai = Load(_imaginary, q);
        Vector<float> br = Load(_real, q + quarter), bi = Load(_imaginary, q + quarter);
        Vector<float> cr = Load(_real, q + (2 * quarter)), ci = Load(_imaginary, q + (2 * quarter));
        Vector<float> dr = Load(_real, q + (3 * quarter)), di = Load(_imaginary, q + (3 * quarter));
        Vector<float> sumR = ar + cr, sumI = ai + ci, gapR = ar - cr, gapI = ai - ci;
        Vector<float> sideR = br + dr, sideI = bi + di, turnR = bi - di, turnI = dr - br;
        (sumR + sideR).CopyTo(_toReal[q..]);
        (sumI + sideI).CopyTo(_toImaginary[q..]);
        Vector<float> r = gapR + turnR, i = gapI + turnI;
        ((w.Real1 * r) - (w.Imaginary1 * i)).CopyTo(_toReal[(q + stride)..]);
        ((w.Real1 * i) + (w.Imaginary1 * r)).CopyTo(_toImaginary[(q + stride)..]);
        (r, i) = (sumR - sideR, sumI - sideI);
        ((w.Real2 * r) - (w.Imaginary2 * i)).CopyTo(_toReal[(q + (2 * stride))..]);
        ((w.Real2 * i) + (w.Imaginary2 * r)).CopyTo(_toImaginary[(q + (2 * stride))..]);
        (r, i) = (gapR - turnR, gapI - turnI);
        ((w.Real3 * r) - (w.Imaginary3 * i)).CopyTo(_toReal[(q + (3 * stride))..]);
        ((w.Real3 * i) + (w.Imaginary3 * r)).CopyTo(_toImaginary[(q + (3 * stride))..]);
    }

    private static Vector<float> Load(ReadOnlySpan<float> values, int start) => new(values[start..]);

    /// <summary>w, w² and w³.</summary>
    private readonly ref struct Factors(ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines, int turn)
    {
        public readonly float Real1 = cosines[turn];
        public readonly float Imaginary1 = sines[turn];
        public readonly float Real2 = Cosine(cosines, 2 * turn);
        public readonly float Imaginary2 = Sine(sines, 2 * turn);
        public readonly float Real3 = Cosine(cosines, 3 * turn);
        public readonly float Imaginary3 = Sine(sines, 3 * turn);

        // The table ends at half a turn: cos(2π − x) = cos x, sin(2π − x) = −sin x.
        private static float Cosine(ReadOnlySpan<float> cosines, int turn) => turn < cosines.Length ? cosines[turn] : cosines[(2 * (cosines.Length - 1)) - turn];

        private static float Sine(ReadOnlySpan<float> sines, int turn) => turn < sines.Length ? sines[turn] : -sines[(2 * (sines.Length - 1)) - turn];
    }
}
