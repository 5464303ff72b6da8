using System;
using System.Collections.Generic;
using System.Text.Json;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Audio;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// How a sound becomes a network's input: a <see cref="MelSpectrum"/> at one sample rate, to which others are changed, each band less its mean in training over its
/// deviation there; cut at a number of frames, with padding behind. Immutable.
/// </summary>
public sealed class SignalEncoding : InputEncoding
{
    internal const string KindName = "signal";

    private const int MostSteps = 65536;
    private const float LargestNumber = 1e6f;

    private readonly MelSpectrum _spectrum;
    private readonly float[] _means;
    private readonly float[] _deviations;

    /// <summary>Makes an encoding.</summary>
    /// <param name="options">What spectra are taken with.</param>
    /// <param name="steps">The most frames of a sound.</param>
    /// <param name="means">The mean of each band.</param>
    /// <param name="deviations">The standard deviation of each band, above 0.</param>
    /// <exception cref="ArgumentException">Options or numbers do not fit.</exception>
    public SignalEncoding(SpectrumOptions options, int steps, ReadOnlySpan<float> means, ReadOnlySpan<float> deviations)
    {
        _spectrum = new MelSpectrum(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, MostSteps);
        if (means.Length != options.Bands || deviations.Length != options.Bands)
        {
            throw new ArgumentException($"{means.Length} means and {deviations.Length} deviations were given; expected {options.Bands}, one a band.", nameof(means));
        }

        for (int band = 0; band < means.Length; band++)
        {
            if (!(MathF.Abs(means[band]) <= LargestNumber) || !(deviations[band] > 0 && deviations[band] <= LargestNumber))
            {
                throw new ArgumentException(FormattableString.Invariant($"Band {band} has mean {means[band]} and deviation {deviations[band]}; expected numbers up to {LargestNumber}, deviations above 0."), nameof(means));
            }
        }

        SampleShape = new Shape(steps, options.Bands);
        _means = means.ToArray();
        _deviations = deviations.ToArray();
    }

    /// <summary>What spectra are taken with.</summary>
    public MelSpectrum Spectrum => _spectrum;

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <summary>The most frames of a sound.</summary>
    public int Steps => SampleShape[0];

    /// <summary>Measures means and deviations over recordings.</summary>
    /// <param name="options">What spectra are taken with.</param>
    /// <param name="steps">The most frames of a sound.</param>
    /// <param name="recordings">Those of the training part.</param>
    /// <exception cref="ArgumentException">The options make no spectrum, or a recording cannot be brought to their rate.</exception>
    public static SignalEncoding Measure(SpectrumOptions options, int steps, IReadOnlyList<Recording> recordings)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        MelSpectrum spectrum = new(options);
        double[] sums = new double[options.Bands];
        double[] squares = new double[options.Bands];
        long frames = 0;
        foreach (Recording recording in recordings)
        {
            float[] values = spectrum.Compute(recording.At(options.Rate, Heard(options, steps)).Samples, steps);
            for (int i = 0; i < values.Length; i++)
            {
                sums[i % options.Bands] += values[i];
                squares[i % options.Bands] += (double)values[i] * values[i];
            }

            frames += values.Length / options.Bands;
        }

        float[] means = new float[options.Bands];
        float[] deviations = new float[options.Bands];
        for (int band = 0; band < means.Length; band++)
        {
            double mean = sums[band] / Math.Max(1, frames);
            means[band] = (float)mean;
            deviations[band] = MathF.Max(1e-3f, (float)Math.Sqrt(Math.Max(0, (squares[band] / Math.Max(1, frames)) - (mean * mean))));
        }

        return new SignalEncoding(options, steps, means, deviations);
    }

    /// <inheritdoc/>
    public override SampleSplits Encode(DataSplits data)
    {
        if (data is not RecordingSplits recordings)
        {
            ArgumentNullException.ThrowIfNull(data);
            throw Unfit(data, "recordings");
        }

        return new SampleSplits(data.Name, Encode(recordings.Training), Encode(recordings.Validation), Encode(recordings.Test)) { Noun = data.Noun };
    }

    /// <summary>Prepares recordings.</summary>
    /// <param name="recordings">The recordings.</param>
    public FeatureSamples Encode(RecordingDataset recordings)
    {
        ArgumentNullException.ThrowIfNull(recordings);
        float[][] sequences = new float[recordings.Recordings.Count][];
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i] = _spectrum.Compute(recordings.Recordings[i].At(_spectrum.Options.Rate, Heard(_spectrum.Options, Steps)).Samples, Steps);
            Normalize(sequences[i]);
        }

        return new FeatureSamples(Steps, _spectrum.Options.Bands, sequences, recordings.Labels.ToArray(), recordings.ClassNames, FormattableString.Invariant($"{_spectrum.Options}"));
    }

    /// <summary>Prepares one recording.</summary>
    /// <param name="recording">The recording.</param>
    /// <param name="destination">Gets <see cref="SampleShape"/> values, zeros behind the end.</param>
    /// <returns>The number of frames.</returns>
    /// <exception cref="ArgumentException">There is other room, or the recording cannot be brought to the rate.</exception>
    public int Encode(Recording recording, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(recording);
        if (destination.Length != SampleShape.Count)
        {
            throw new ArgumentException($"There is room for {destination.Length} values; expected {SampleShape.Count}.", nameof(destination));
        }

        float[] values = _spectrum.Compute(recording.At(_spectrum.Options.Rate, Heard(_spectrum.Options, Steps)).Samples, Steps);
        Normalize(values);
        values.CopyTo(destination);
        destination[values.Length..].Clear();
        return values.Length / _spectrum.Options.Bands;
    }

    /// <summary>Turns frames of the spectrum into steps of the input, in place: for sounds that come piece by piece.</summary>
    /// <param name="frames">[frames, bands].</param>
    public void Normalize(Span<float> frames)
    {
        int bands = _means.Length;
        for (int i = 0; i < frames.Length; i++)
        {
            frames[i] = (frames[i] - _means[i % bands]) / _deviations[i % bands];
        }

        FeatureSamples.Mark(frames, bands);
    }

    internal static SignalEncoding Read(OptionsReader reader)
    {
        SpectrumOptions options = new()
        {
            Rate = reader.Integer("rate", 1, Recording.HighestRate),
            FrameSamples = reader.Integer("frame_samples", 2, 65536),
            HopSamples = reader.Integer("hop_samples", 1, 65536),
            Bands = reader.Integer("bands", 1, SpectrumOptions.MostBands),
            LowHertz = (float)reader.Real("low_hertz", 0, Recording.HighestRate),
            HighHertz = (float)reader.Real("high_hertz", 0, Recording.HighestRate),
            Floor = (float)reader.Real("floor", 0, 1e20),
        };
        int steps = reader.Integer("steps", 1, MostSteps);
        float[] means = reader.Reals("means", SpectrumOptions.MostBands, -LargestNumber, LargestNumber);
        float[] deviations = reader.Reals("deviations", SpectrumOptions.MostBands, 0, LargestNumber);
        SignalEncoding? encoding = null;
        OptionsCheck.Sound(() => encoding = new SignalEncoding(options, steps, means, deviations), "the encoding of signals");
        return encoding!;
    }

    internal override void Write(Utf8JsonWriter json)
    {
        SpectrumOptions options = _spectrum.Options;
        json.WriteNumber("rate"u8, options.Rate);
        json.WriteNumber("frame_samples"u8, options.FrameSamples);
        json.WriteNumber("hop_samples"u8, options.HopSamples);
        json.WriteNumber("bands"u8, options.Bands);
        json.WriteNumber("low_hertz"u8, options.LowHertz);
        json.WriteNumber("high_hertz"u8, options.HighHertz);
        json.WriteNumber("floor"u8, options.Floor);
        json.WriteNumber("steps"u8, Steps);
        WriteAll(json, "means"u8, _means);
        WriteAll(json, "deviations"u8, _deviations);
    }

    // The samples that the first steps are made of.
    private static int Heard(SpectrumOptions options, int steps) => (int)Math.Min(int.MaxValue, ((steps - 1L) * options.HopSamples) + options.FrameSamples);

    private static void WriteAll(Utf8JsonWriter json, ReadOnlySpan<byte> name, float[] values)
    {
        json.WriteStartArray(name);
        foreach (float value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}
