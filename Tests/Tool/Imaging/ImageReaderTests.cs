using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Tool;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Imaging;

public sealed class ImageReaderTests
{
    public static TheoryData<string, int> Formats => new()
    {
        { nameof(SamplePictures.JpegBaseline), 8 },
        { nameof(SamplePictures.JpegProgressive), 40 },
        { nameof(SamplePictures.JpegCmyk), 12 },
        { nameof(SamplePictures.PngPalette), 60 },
        { nameof(SamplePictures.Bmp24), 0 },
        { nameof(SamplePictures.Bmp8), 60 },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void ReadsColour(string name, int tolerance)
    {
        PixelImage image = ImageReader.Decode(Sample(name));
        Assert.Equal((14, 10, 3), (image.Width, image.Height, image.Channels));
        for (int y = 0; y < 10; y++)
        {
            for (int x = 0; x < 14; x++)
            {
                ReadOnlySpan<byte> pixel = image.Row(y).Slice(3 * x, 3);
                Assert.InRange(pixel[0] - (18 * x), -tolerance, tolerance);
                Assert.InRange(pixel[1] - (25 * y), -tolerance, tolerance);
                Assert.InRange(pixel[2] - (10 * (x + y)), -tolerance, tolerance);
            }
        }
    }

    /// <summary>The palette was made from the same colours in both formats, so they agree to the bit.</summary>
    [Fact]
    public void PalettesAgree()
        => Assert.Equal(ImageReader.Decode(SamplePictures.PngPalette).Pixels, ImageReader.Decode(SamplePictures.Bmp8).Pixels);

    [Fact]
    public void ReadsGrey()
    {
        PixelImage jpeg = ImageReader.Decode(SamplePictures.JpegGrey);
        PixelImage grey = ImageReader.Decode(SamplePictures.Bmp24).ToGrey();
        Assert.Equal(1, jpeg.Channels);
        for (int i = 0; i < grey.Pixels.Length; i++)
        {
            Assert.InRange(jpeg.Pixels[i] - grey.Pixels[i], -4, 4);
        }

        PixelImage deep = ImageReader.Decode(SamplePictures.PngGrey16);
        Assert.Equal(1, deep.Channels);
        Assert.Equal(18 * 7, deep.Row(3)[7]);
        PixelImage bits = ImageReader.Decode(SamplePictures.PngBits).ToGrey();
        Assert.All(bits.Pixels, value => Assert.True(value is 0 or 255));
        Assert.Contains((byte)255, bits.Pixels);
        Assert.Contains((byte)0, bits.Pixels);
    }

    [Fact]
    public void LaysTransparencyOverWhite()
    {
        PixelImage image = ImageReader.Decode(SamplePictures.PngAlpha);
        for (int x = 0; x < 14; x++)
        {
            double alpha = 18 * x / 255.0;
            Assert.InRange(image.Row(2)[(3 * x) + 1] - ((alpha * 50) + ((1 - alpha) * 255)), -0.51, 0.51);
        }

        Assert.Equal(255, ImageReader.Decode(SamplePictures.PngGreyAlpha).Row(5)[0]);
    }

    [Fact]
    public void OtherFormatsAreNamed()
    {
        Assert.Contains("GIF", Refusal(SamplePictures.Gif), StringComparison.Ordinal);
        Assert.Contains("HTML page", Refusal("<!DOCTYPE html><html>"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("Git LFS pointer", Refusal("version https://git-lfs.github.com/spec/v1\n"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("text file", Refusal("hello"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("empty", Refusal([]), StringComparison.Ordinal);
        Assert.Contains("unknown binary", Refusal(new byte[65536]), StringComparison.Ordinal);
    }

    [Fact]
    public void AJpegOfFewBytesIsNoLargePicture()
    {
        foreach (byte[] sound in new[] { SamplePictures.JpegBaseline, SamplePictures.JpegProgressive, SamplePictures.JpegCmyk, SamplePictures.JpegGrey })
        {
            byte[] large = (byte[])sound.Clone();
            int frame = Math.Max(large.AsSpan().IndexOf<byte>([0xFF, 0xC0]), large.AsSpan().IndexOf<byte>([0xFF, 0xC2]));
            large[frame + 5] = 0x1F;
            large[frame + 7] = 0x1F;
            Assert.Matches("has [0-9]+ bytes of pixels; 79[0-9]+x79[0-9]+ take [0-9]+ at least", Refusal(large));
        }
    }

    [Fact]
    public void AJpegHasAsManyScansAsAPictureMayHave()
    {
        byte[] sound = SamplePictures.JpegProgressive;
        int scan = sound.AsSpan().LastIndexOf<byte>([0xFF, 0xDA]);
        List<byte> file = [.. sound[..scan]];
        for (int i = 0; i < 101; i++)
        {
            file.AddRange(sound[scan..^2]);
        }

        Assert.Contains("more than 100 scans", Refusal([.. file, 0xFF, 0xD9]), StringComparison.Ordinal);
    }

    /// <summary>A decoder that reads beyond what is there would be found by these: every prefix, and thousands of altered files.</summary>
    [Fact]
    public void TruncatedAndAlteredFilesFailCleanly()
    {
        const int Seed = 7;
        Random random = new(Seed);
        foreach (byte[] sound in new[]
        {
            SamplePictures.JpegBaseline, SamplePictures.JpegProgressive, SamplePictures.JpegCmyk, SamplePictures.JpegGrey,
            SamplePictures.PngPalette, SamplePictures.PngGrey16, SamplePictures.Bmp24, SamplePictures.Bmp8,
        })
        {
            for (int length = 0; length < sound.Length; length++)
            {
                Assert.Throws<InvalidDataException>(() => ImageReader.Decode(sound[..length]));
            }

            for (int i = 0; i < 2000; i++)
            {
                byte[] altered = (byte[])sound.Clone();
                for (int change = random.Next(1, 5); change > 0; change--)
                {
                    altered[random.Next(altered.Length)] = (byte)random.Next(256);
                }

                try
                {
                    ImageReader.Decode(altered);
                }
                catch (InvalidDataException)
                {
                    // Refused; a picture with other pixels is as good.
                }
            }
        }
    }

    [Fact]
    public void FileErrorsAreOneLine()
    {
        List<string> messages = [];
        string folder = Directory.CreateTempSubdirectory("mdyn").FullName;
        string empty = Path.Combine(folder, "empty.png");
        File.WriteAllBytes(empty, []);
        foreach (string path in new[] { Path.Combine(folder, "missing.png"), Path.Combine(folder, "no", "folder.png"), folder, empty, "bad\0name" })
        {
            messages.Add(Assert.Throws<ToolException>(() => ImageReader.Read(path)).Message);
        }

        Directory.Delete(folder, recursive: true);
        Assert.Contains("does not exist", messages[0], StringComparison.Ordinal);
        Assert.Contains("does not exist", messages[1], StringComparison.Ordinal);
        Assert.Contains("is a folder", messages[2], StringComparison.Ordinal);
        Assert.Contains("is empty", messages[3], StringComparison.Ordinal);
        Assert.All(messages, message => Assert.DoesNotContain('\n', message));
    }

    private static string Refusal(byte[] file) => Assert.Throws<InvalidDataException>(() => ImageReader.Decode(file)).Message;

    private static byte[] Sample(string name) => name switch
    {
        nameof(SamplePictures.JpegBaseline) => SamplePictures.JpegBaseline,
        nameof(SamplePictures.JpegProgressive) => SamplePictures.JpegProgressive,
        nameof(SamplePictures.JpegCmyk) => SamplePictures.JpegCmyk,
        nameof(SamplePictures.PngPalette) => SamplePictures.PngPalette,
        nameof(SamplePictures.Bmp24) => SamplePictures.Bmp24,
        nameof(SamplePictures.Bmp8) => SamplePictures.Bmp8,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such sample"),
    };
}
