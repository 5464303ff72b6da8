using System;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data.Audio;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data.Audio;

/// <summary>WAV files of all formats, and hostile ones.</summary>
public class WavFileTests
{
    private static readonly double[] Samples = [0, 0.5, -0.5, 0.25, -1, 0.75];

    [Theory]
    [InlineData(8, false, false)]
    [InlineData(16, false, false)]
    [InlineData(24, false, true)]
    [InlineData(32, false, false)]
    [InlineData(32, true, true)]
    [InlineData(64, true, false)]
    public void Samples_of_every_format_are_read(int bits, bool isFloating, bool isExtensible)
    {
        Recording recording = Read(Wavs.Make(Samples, 1, 11025, bits, isFloating, isExtensible, hasExtraChunk: true));
        Assert.Equal(11025, recording.Rate);
        Assert.Equal(Array.ConvertAll(Samples, value => (float)value), recording.Samples.ToArray());
    }

    [Fact]
    public void Channels_are_averaged()
    {
        Recording recording = Read(Wavs.Make(Samples, 2));
        Assert.Equal([0.25f, -0.125f, -0.125f], recording.Samples.ToArray());
        Assert.Equal(3.0 / 8000, recording.Duration.TotalSeconds, 1e-9);
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(0u)]
    public void An_open_size_ends_with_the_file(uint size) =>
        Assert.Equal(6, Read(Wavs.Make(Samples, size: size)).Samples.Length);

    [Fact]
    public void Cut_files_are_refused_wherever_they_end()
    {
        byte[] whole = Wavs.Make(Samples, 1, 8000, 24, isExtensible: true, hasExtraChunk: true);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.ThrowsAny<ModelFileException>(() => Read(whole[..length]));
        }
    }

    [Fact]
    public void Changed_bytes_give_a_recording_or_a_clear_error()
    {
        byte[] whole = Wavs.Make(Samples, 2, 8000, 16, hasExtraChunk: true);
        foreach (byte value in new byte[] { 0, 1, 0x7f, 0xff })
        {
            for (int i = 0; i < whole.Length; i++)
            {
                byte[] changed = [.. whole];
                changed[i] = value;
                try
                {
                    Assert.InRange(Read(changed).Samples.Length, 0, 12);
                }
                catch (ModelFileException e)
                {
                    Assert.Contains("x.wav", e.Message, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void Numbers_that_are_none_are_refused()
    {
        Assert.ThrowsAny<ModelFileException>(() => Read(Wavs.Make([0, double.NaN], bits: 32, isFloating: true)));
        Assert.ThrowsAny<ModelFileException>(() => Read(Wavs.Make([1e300], bits: 64, isFloating: true)));
        Assert.Throws<ArgumentException>(() => new Recording(8000, [float.PositiveInfinity]));
    }

    private static Recording Read(byte[] bytes) => WavFile.Read(new MemoryStream(bytes), "x.wav");
}
