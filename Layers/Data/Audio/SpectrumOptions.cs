using System;
using System.Numerics;
using ManagedDyn.Engine.Kernels.Fourier;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>What a short-time spectrum is taken with.</summary>
public sealed record SpectrumOptions
{
    /// <summary>The most bands.</summary>
    public const int MostBands = 1024;

    /// <summary>Samples a second.</summary>
    public int Rate { get; init; } = 8000;

    /// <summary>Samples of a frame.</summary>
    public int FrameSamples { get; init; } = 256;

    /// <summary>Samples from the start of a frame to that of the next.</summary>
    public int HopSamples { get; init; } = 128;

    /// <summary>The number of mel bands.</summary>
    public int Bands { get; init; } = 24;

    /// <summary>Where the lowest band begins, in hertz.</summary>
    public float LowHertz { get; init; } = 60;

    /// <summary>Where the highest band ends, in hertz.</summary>
    public float HighHertz { get; init; } = 3800;

    /// <summary>What is added to a band's power before its logarithm, so that silence has one.</summary>
    public float Floor { get; init; } = 1e-4f;

    /// <summary>The length of the transform: the power of two that holds a frame, with zeros behind it.</summary>
    public int TransformSize => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, FrameSamples));

    /// <summary>Frames of 32 ms every 16 ms up to nearly half the rate.</summary>
    /// <param name="rate">Samples a second, at least 1000.</param>
    public static SpectrumOptions For(int rate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, 1000);
        return new SpectrumOptions { Rate = rate, FrameSamples = rate * 32 / 1000, HopSamples = rate * 16 / 1000, HighHertz = Math.Min(7600, 0.475f * rate) };
    }

    /// <summary>All options, alike under every culture: a checkpoint compares them as text.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{nameof(SpectrumOptions)} {{ Rate = {Rate}, FrameSamples = {FrameSamples}, HopSamples = {HopSamples}, Bands = {Bands}, LowHertz = {LowHertz}, HighHertz = {HighHertz}, Floor = {Floor}, TransformSize = {TransformSize} }}");

    /// <summary>Checks that a spectrum can be taken.</summary>
    /// <exception cref="ArgumentException">It cannot; the message names the option, its value and what is expected.</exception>
    public void Validate()
    {
        Check(Rate, 1, Recording.HighestRate, nameof(Rate));
        Check(FrameSamples, 2, RealFourier.LongestSize, nameof(FrameSamples));
        Check(HopSamples, 1, RealFourier.LongestSize, nameof(HopSamples));
        Check(Bands, 1, MostBands, nameof(Bands));
        Check(LowHertz, 0, HighHertz, nameof(LowHertz));
        Check(HighHertz, 1e-3, Rate / 2.0, nameof(HighHertz));
        Check(Floor, 1e-20, 1e20, nameof(Floor));
        if (!(LowHertz < HighHertz))
        {
            throw new ArgumentException(FormattableString.Invariant($"{nameof(LowHertz)} is {LowHertz}; expected less than {HighHertz}."));
        }
    }

    private static void Check(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most))
        {
            throw new ArgumentException(FormattableString.Invariant($"{name} is {value}; expected {least} to {most}."));
        }
    }
}
