using System;
using System.Numerics;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>
/// Changes the sample rate by the ratio L / M in lowest terms: y_n = Σ_k h(n·M − k·L)·x_k, with h a sine over its argument, cut off at the lower of both half rates
/// and windowed by Hann's cosine over 16 of its zeros on each side. Only the samples that are asked for are computed (polyphase).
/// </summary>
public sealed class Resampler
{
    /// <summary>The most samples that are made.</summary>
    public const int MostSamples = 1 << 28;

    private const int Zeros = 16;
    private const int MostTaps = 1 << 20;

    // Leaves room for the slope of the filter.
    private const double Passed = 0.95;

    private readonly int _up;
    private readonly int _down;
    private readonly int _reach;
    private readonly float[] _taps;

    /// <summary>Prepares a change of rate.</summary>
    /// <param name="from">Samples a second that there are.</param>
    /// <param name="to">Samples a second that are wanted.</param>
    /// <exception cref="ArgumentException">A rate is out of range, or the ratio in lowest terms is of numbers too large for a filter of reasonable size.</exception>
    public Resampler(int from, int to)
    {
        foreach (int rate in (ReadOnlySpan<int>)[from, to])
        {
            if (rate is < 1 or > Recording.HighestRate)
            {
                throw new ArgumentException($"A sample rate is {rate}; expected 1 to {Recording.HighestRate} a second.", nameof(from));
            }
        }

        int divisor = (int)BigInteger.GreatestCommonDivisor(from, to);
        _up = to / divisor;
        _down = from / divisor;
        double width = (double)Zeros * Math.Max(_up, _down) / Passed;
        if (width > MostTaps)
        {
            throw new ArgumentException($"The ratio of {to} to {from} samples a second is {_up} to {_down}, which asks for too long a filter; expected rates with a smaller ratio.", nameof(to));
        }

        _reach = (int)Math.Ceiling(width);
        _taps = new float[(2 * _reach) + 1];
        double cut = Passed / Math.Max(_up, _down);
        for (int i = -_reach; i <= _reach; i++)
        {
            double x = Math.PI * cut * i;
            double sinc = i == 0 ? 1 : Math.Sin(x) / x;
            _taps[i + _reach] = (float)(_up * cut * sinc * (0.5 + (0.5 * Math.Cos(Math.PI * i / (_reach + 1.0)))));
        }
    }

    /// <summary>Resamples a whole signal; beyond its ends there is silence.</summary>
    /// <param name="samples">The signal.</param>
    /// <returns>⌈samples · L / M⌉ samples.</returns>
    /// <exception cref="ArgumentException">They are more than <see cref="MostSamples"/>.</exception>
    public float[] Resample(ReadOnlySpan<float> samples) => Resample(samples, int.MaxValue);

    /// <summary>Resamples the beginning of a signal; beyond the signal's ends there is silence.</summary>
    /// <param name="samples">The signal.</param>
    /// <param name="most">The most samples to make, at least 1.</param>
    /// <returns>⌈samples · L / M⌉ samples, or the first of them.</returns>
    /// <exception cref="ArgumentException">They are more than <see cref="MostSamples"/>.</exception>
    public float[] Resample(ReadOnlySpan<float> samples, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        long whole = (((long)samples.Length * _up) + _down - 1) / _down;
        if (Math.Min(most, whole) > MostSamples)
        {
            throw new ArgumentException($"{samples.Length} samples at {_up} for each {_down} become {whole}; expected at most {MostSamples}.", nameof(samples));
        }

        float[] output = new float[Math.Min(most, whole)];
        for (int n = 0; n < output.Length; n++)
        {
            long center = (long)n * _down;
            long lowest = center - _reach;
            long first = lowest <= 0 ? 0 : (lowest + _up - 1) / _up;
            long last = Math.Min(samples.Length - 1, (center + _reach) / _up);
            float sum = 0;
            for (long k = first; k <= last; k++)
            {
                sum += _taps[center - (k * _up) + _reach] * samples[(int)k];
            }

            output[n] = sum;
        }

        return output;
    }
}
