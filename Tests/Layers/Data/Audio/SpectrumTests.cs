using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Text.Json;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Fourier;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Audio;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data.Audio;

/// <summary>From samples to steps of features.</summary>
public class SpectrumTests
{
    private static readonly SpectrumOptions Options = new() { Rate = 8000, FrameSamples = 100, HopSamples = 40, Bands = 9, LowHertz = 50, HighHertz = 3900 };

    [Fact]
    public void Bands_are_the_formula()
    {
        MelSpectrum spectrum = new(Options);
        float[] samples = GradientCheck.Values(100, 4);
        float[] actual = spectrum.Compute(samples);
        float[] windowed = new float[128];
        for (int i = 0; i < samples.Length; i++)
        {
            windowed[i] = samples[i] * (float)(0.5 - (0.5 * Math.Cos(2 * Math.PI * i / 100)));
        }

        double[] power = new double[65];
        FourierReference.Power(windowed, power);
        double low = Mel(50);
        double step = (Mel(3900) - low) / 10;
        double[] expected = new double[9];
        for (int band = 0; band < expected.Length; band++)
        {
            (double left, double top, double right) = (Hertz(low + (band * step)), Hertz(low + ((band + 1) * step)), Hertz(low + ((band + 2) * step)));
            double sum = 0;
            double weights = 0;
            for (int k = 0; k < power.Length; k++)
            {
                double hertz = k * 8000.0 / 128;
                double weight = Math.Max(0, Math.Min((hertz - left) / (top - left), (right - hertz) / (right - top)));
                sum += weight * power[k];
                weights += weight;
            }

            expected[band] = Math.Log((sum / weights) + 1e-4);
        }

        GradientCheck.Near(expected, actual, 1e-4, "bands");
    }

    [Fact]
    public void Options_are_the_same_text_under_every_culture()
    {
        CultureInfo comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = comma;
            Assert.Equal(
                "SpectrumOptions { Rate = 8000, FrameSamples = 100, HopSamples = 40, Bands = 9, LowHertz = 50, HighHertz = 3900.5, Floor = 0.0001, TransformSize = 128 }",
                (Options with { HighHertz = 3900.5f }).ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(100, 1)]
    [InlineData(101, 2)]
    [InlineData(140, 2)]
    [InlineData(141, 3)]
    [InlineData(1000, 24)]
    public void Samples_that_come_in_pieces_give_the_bits_of_the_whole(int count, int frames)
    {
        foreach (SpectrumOptions options in new[] { Options, Options with { HopSamples = 130 }, Options with { HopSamples = 100 } })
        {
            MelSpectrum spectrum = new(options);
            float[] samples = GradientCheck.Values(count, 7);
            float[] whole = spectrum.Compute(samples);
            Assert.Equal(options == Options ? frames : spectrum.FramesOf(count), whole.Length / 9);
            SpectrumStream stream = new(spectrum);
            foreach (int piece in new[] { 1, 7, 39, 40, 41, 100, 1000 })
            {
                List<float> streamed = [];
                float[] bands = new float[9];
                for (int start = 0; start < count; start += piece)
                {
                    ReadOnlySpan<float> rest = samples.AsSpan(start, Math.Min(piece, count - start));
                    while (rest.Length > 0)
                    {
                        rest = rest[stream.Push(rest, bands, out bool isFull)..];
                        if (isFull)
                        {
                            streamed.AddRange(bands);
                        }
                    }
                }

                while (stream.Finish(bands))
                {
                    streamed.AddRange(bands);
                }

                GradientCheck.SameBits(whole, streamed.ToArray(), $"pieces of {piece}");
            }
        }
    }

    [Fact]
    public void A_tone_keeps_its_pitch_at_another_rate()
    {
        foreach ((int from, int to) in new[] { (16000, 8000), (8000, 16000), (44100, 8000), (11025, 8000) })
        {
            float[] tone = Array.ConvertAll(Wavs.Tone(440, from / 4, from), value => (float)value);
            float[] changed = new Recording(from, tone).At(to).Samples.ToArray();
            Assert.Equal(to / 4, changed.Length, 1.0);
            double[] expected = Wavs.Tone(440, changed.Length, to);
            for (int i = changed.Length / 4; i < 3 * changed.Length / 4; i++)
            {
                Assert.Equal(expected[i], changed[i], 5e-3);
            }
        }

        // What the new rate cannot hold is gone.
        float[] high = new Recording(16000, Array.ConvertAll(Wavs.Tone(6000, 4000, 16000), value => (float)value)).At(8000).Samples.ToArray();
        Assert.All(high[500..1500], value => Assert.InRange(value, -1e-2f, 1e-2f));
        Assert.Throws<ArgumentException>(() => new Resampler(767_999, 768_000));
        Assert.Throws<ArgumentException>(() => new Resampler(0, 8000));
    }

    [Fact]
    public void The_beginning_of_a_signal_at_another_rate_is_that_of_the_whole()
    {
        foreach ((int from, int to) in new[] { (16000, 8000), (8000, 16000), (44100, 8000), (3, 8000) })
        {
            float[] samples = GradientCheck.Values(500, 3);
            Resampler resampler = new(from, to);
            float[] whole = resampler.Resample(samples);
            foreach (int most in new[] { 1, 60, whole.Length, whole.Length + 1, int.MaxValue })
            {
                GradientCheck.SameBits(whole.AsSpan(0, Math.Min(most, whole.Length)), resampler.Resample(samples, most), $"{from} to {to}, {most}");
            }
        }
    }

    [Fact]
    public void A_slow_recording_is_brought_to_the_rate_as_far_as_it_is_heard()
    {
        // As a whole it would have 2.4e9 samples.
        float[] samples = GradientCheck.Values(300_000, 3);
        Assert.Contains("2400000000", Assert.Throws<ArgumentException>(() => new Resampler(1, 8000).Resample(samples)).Message, StringComparison.Ordinal);
        SignalEncoding encoding = SignalEncoding.Measure(Options, 12, [new Recording(1, samples)]);
        float[] heard = new float[12 * 9];
        Assert.Equal(12, encoding.Encode(new Recording(1, samples), heard));
        float[] beginning = new float[12 * 9];
        Assert.Equal(12, encoding.Encode(new Recording(1, samples[..40]), beginning));
        GradientCheck.SameBits(beginning, heard, "steps");
    }

    [Fact]
    public void Options_that_make_no_spectrum_are_named()
    {
        foreach ((SpectrumOptions options, string name) in new[]
        {
            (Options with { FrameSamples = 1 }, "FrameSamples"),
            (Options with { HopSamples = 0 }, "HopSamples"),
            (Options with { HighHertz = 4001 }, "HighHertz"),
            (Options with { LowHertz = 3900 }, "LowHertz"),
            (Options with { Bands = 0 }, "Bands"),
            (Options with { Floor = float.NaN }, "Floor"),
        })
        {
            Assert.Contains(name, Assert.Throws<ArgumentException>(() => new MelSpectrum(options)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_encoding_prepares_recordings_as_in_training_and_survives_a_file()
    {
        Recording[] recordings = [Make(300, 1), Make(700, 2), Make(60, 3), Make(1500, 5)];
        SignalEncoding encoding = SignalEncoding.Measure(Options, 12, recordings);
        FeatureSamples samples = encoding.Encode(new RecordingDataset(recordings, [0, 1, 0, 1], ["a", "b"]));
        Assert.Equal(12, samples.Length(3));
        Assert.Equal(1, samples.Length(2));
        double[] sums = new double[9];
        int frames = 0;
        float[] values = new float[12 * 9];
        for (int i = 0; i < 4; i++)
        {
            samples.Read(i, values);
            frames += samples.Length(i);
            float[] alone = new float[values.Length];
            Assert.Equal(samples.Length(i), encoding.Encode(recordings[i], alone));
            Assert.Equal(values, alone);
            Assert.Equal(samples.Length(i) * 9, values.AsSpan().LastIndexOfAnyExcept(0f) + 1);
            for (int v = 0; v < values.Length; v++)
            {
                sums[v % 9] += values[v];
            }
        }

        Assert.All(sums, sum => Assert.Equal(0, sum / frames, 1e-4));
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            encoding.Write(writer);
            writer.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray()));
        SignalEncoding read = SignalEncoding.Read(new ManagedDyn.Layers.Models.OptionsReader(document.RootElement, "encoding"));
        Assert.True(InputEncoding.AreSame(encoding, read));
    }

    [Fact]
    public void Training_sees_other_forms_of_a_sequence_in_each_epoch_the_same_for_a_seed()
    {
        float[] sequence = GradientCheck.Values(20 * 3, 2);
        FeatureSamples plain = new(25, 3, [sequence, new float[3]], [0, 1], ["a", "b"]);
        FeatureSamples varied = plain.Varied(new RandomSource(3));
        float[] first = new float[75];
        float[] second = new float[75];
        Assert.Equal(0, varied.Draw(0, 0, first));
        varied.Draw(0, 0, second);
        Assert.Equal(first, second);
        varied.Draw(1, 0, second);
        Assert.NotEqual(first, second);
        varied.Read(0, second);
        Assert.Equal(sequence, second[..60]);

        // A step of zeros is a step.
        plain.Read(1, second);
        Assert.Equal(FeatureSamples.NotPadding, second[0]);
        Assert.Equal(1, second.AsSpan().LastIndexOfAnyExcept(0f) + 1);
    }

    private static Recording Make(int samples, int seed) => new(8000, GradientCheck.Values(samples, seed, 0.3f));

    private static double Mel(double hertz) => 2595 * Math.Log10(1 + (hertz / 700));

    private static double Hertz(double mel) => 700 * (Math.Pow(10, mel / 2595) - 1);
}
