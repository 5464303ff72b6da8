using System;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>A recording of one channel. Immutable.</summary>
public sealed class Recording
{
    /// <summary>The highest sample rate.</summary>
    public const int HighestRate = 768_000;

    private readonly float[] _samples;

    /// <summary>Makes a recording.</summary>
    /// <param name="rate">Samples a second.</param>
    /// <param name="samples">From −1 to 1 by convention; they are copied.</param>
    /// <exception cref="ArgumentException">The rate is out of range, or a sample is NaN or infinite.</exception>
    public Recording(int rate, ReadOnlySpan<float> samples)
        : this(rate, samples.ToArray())
    {
    }

    internal Recording(int rate, float[] samples)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rate, HighestRate);
        for (int i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
            {
                throw new ArgumentException($"Sample {i} is {samples[i]}; expected finite numbers.", nameof(samples));
            }
        }

        Rate = rate;
        _samples = samples;
    }

    /// <summary>Samples a second.</summary>
    public int Rate { get; }

    /// <summary>The samples.</summary>
    public ReadOnlySpan<float> Samples => _samples;

    /// <summary>How long it is.</summary>
    public TimeSpan Duration => TimeSpan.FromSeconds((double)_samples.Length / Rate);

    /// <summary>The same sound at another rate; see <see cref="Resampler"/>.</summary>
    /// <param name="rate">Samples a second.</param>
    /// <exception cref="ArgumentException">The two rates have no small ratio, or there would be too many samples.</exception>
    public Recording At(int rate) => At(rate, int.MaxValue);

    /// <summary>The beginning of the same sound at another rate, so that what nobody hears is not made.</summary>
    /// <param name="rate">Samples a second.</param>
    /// <param name="most">The most samples that are wanted; where the rate stays, all there are.</param>
    internal Recording At(int rate, int most) => rate == Rate ? this : new Recording(rate, new Resampler(Rate, rate).Resample(_samples, most));
}
