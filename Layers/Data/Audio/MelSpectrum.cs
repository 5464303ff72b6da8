using System;
using ManagedDyn.Engine.Kernels.Fourier;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>
/// The logarithm of the power in mel bands, frame by frame: b_{t,m} = ln(floor + Σ_k w_{m,k}·|X_{t,k}|²), with X_t the transform of samples t·hop … t·hop + frame − 1
/// times Hann's window, and w_m a triangle whose corners are evenly spaced in mel = 2595·log₁₀(1 + hertz / 700), scaled to sum 1. Immutable.
/// </summary>
/// <remarks>
/// A signal of n samples has 1 + ⌈(n − frame) / hop⌉ frames, at least one; the last may reach beyond its end, where there are zeros. <see cref="SpectrumStream"/> gives
/// the same bits as the samples come.
/// </remarks>
public sealed class MelSpectrum
{
    private readonly RealFourier _fourier;
    private readonly float[] _window;
    private readonly int[] _starts;
    private readonly float[][] _weights;

    /// <summary>Prepares a spectrum.</summary>
    /// <param name="options">What it is taken with.</param>
    /// <exception cref="ArgumentException">The options make no spectrum.</exception>
    public MelSpectrum(SpectrumOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        _fourier = new RealFourier(options.TransformSize);
        _window = new float[options.FrameSamples];
        for (int i = 0; i < _window.Length; i++)
        {
            _window[i] = (float)(0.5 - (0.5 * Math.Cos(2 * Math.PI * i / _window.Length)));
        }

        _starts = new int[options.Bands];
        _weights = new float[options.Bands][];
        double low = Mel(options.LowHertz);
        double step = (Mel(options.HighHertz) - low) / (options.Bands + 1);
        for (int band = 0; band < options.Bands; band++)
        {
            (_starts[band], _weights[band]) = Triangle(Hertz(low + (band * step)), Hertz(low + ((band + 1) * step)), Hertz(low + ((band + 2) * step)));
        }
    }

    /// <summary>What it is taken with.</summary>
    public SpectrumOptions Options { get; }

    /// <summary>The number of elements of scratch memory that <see cref="Frame"/> wants.</summary>
    public int ScratchLength => _fourier.Size + _fourier.ScratchLength + _fourier.PowerCount;

    /// <summary>The number of frames of a signal.</summary>
    /// <param name="samples">Its samples.</param>
    public int FramesOf(int samples)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(samples);
        return 1 + (int)((Math.Max(0L, (long)samples - Options.FrameSamples) + Options.HopSamples - 1) / Options.HopSamples);
    }

    /// <summary>One frame.</summary>
    /// <param name="samples">At most as many samples as a frame has; zeros follow.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> elements, of any content.</param>
    /// <param name="bands">Gets a value for each band.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Frame(ReadOnlySpan<float> samples, Span<float> scratch, Span<float> bands)
    {
        if (samples.Length > _window.Length || scratch.Length != ScratchLength || bands.Length != Options.Bands)
        {
            throw new ArgumentException($"{samples.Length} samples, {scratch.Length} elements of scratch and room for {bands.Length} bands were given; expected at most {_window.Length}, {ScratchLength} and {Options.Bands}.", nameof(samples));
        }

        Span<float> signal = scratch[.._fourier.Size];
        Span<float> power = scratch[^_fourier.PowerCount..];
        for (int i = 0; i < samples.Length; i++)
        {
            signal[i] = samples[i] * _window[i];
        }

        signal[samples.Length..].Clear();
        _fourier.Power(signal, scratch.Slice(_fourier.Size, _fourier.ScratchLength), power);
        for (int band = 0; band < bands.Length; band++)
        {
            float sum = 0;
            ReadOnlySpan<float> weights = _weights[band];
            ReadOnlySpan<float> values = power.Slice(_starts[band], weights.Length);
            for (int k = 0; k < weights.Length; k++)
            {
                sum += weights[k] * values[k];
            }

            bands[band] = MathF.Log(sum + Options.Floor);
        }
    }

    /// <summary>The frames of a whole signal, [frames, bands].</summary>
    /// <param name="samples">The signal, at the options' rate.</param>
    /// <param name="most">The most frames; those behind are left out.</param>
    public float[] Compute(ReadOnlySpan<float> samples, int most = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        int bands = Options.Bands;
        float[] output = new float[checked(Math.Min(most, FramesOf(samples.Length)) * bands)];
        float[] scratch = new float[ScratchLength];
        for (int t = 0; t * bands < output.Length; t++)
        {
            int start = Math.Min(samples.Length, t * Options.HopSamples);
            Frame(samples.Slice(start, Math.Min(_window.Length, samples.Length - start)), scratch, output.AsSpan(t * bands, bands));
        }

        return output;
    }

    private static double Mel(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));

    private static double Hertz(double mel) => 700 * (Math.Pow(10, mel / 2595) - 1);

    // A band narrower than the distance of two frequencies takes the nearest one.
    private (int Start, float[] Weights) Triangle(double left, double top, double right)
    {
        double bin = (double)Options.Rate / _fourier.Size;
        int first = Math.Clamp((int)Math.Floor(left / bin) + 1, 0, _fourier.PowerCount - 1);
        int last = Math.Clamp((int)Math.Ceiling(right / bin) - 1, 0, _fourier.PowerCount - 1);
        if (last < first)
        {
            return (Math.Clamp((int)Math.Round(top / bin), 0, _fourier.PowerCount - 1), [1]);
        }

        float[] weights = new float[last - first + 1];
        double sum = 0;
        for (int k = 0; k < weights.Length; k++)
        {
            double hertz = (first + k) * bin;
            double weight = hertz <= top ? (hertz - left) / (top - left) : (right - hertz) / (right - top);
            weights[k] = (float)weight;
            sum += weight;
        }

        foreach (ref float weight in weights.AsSpan())
        {
            weight = (float)(weight / sum);
        }

        return (first, weights);
    }
}
