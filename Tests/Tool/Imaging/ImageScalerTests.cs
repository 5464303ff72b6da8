using System;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Imaging;

public sealed class ImageScalerTests
{
    /// <summary>What Pillow's resize((5, 4), BILINEAR) gives for the sample picture, first row and last.</summary>
    private static readonly byte[] FirstRow = [21, 25, 22, 67, 25, 47, 117, 25, 75, 167, 25, 103, 213, 25, 128];
    private static readonly byte[] LastRow = [21, 200, 92, 67, 200, 117, 117, 200, 145, 167, 200, 173, 213, 200, 198];

    [Fact]
    public void ReducesAsPillowDoes()
    {
        PixelImage small = ImageScaler.Resize(ImageReader.Decode(SamplePictures.Bmp24), 5, 4);
        Near(FirstRow, small.Row(0));
        Near(LastRow, small.Row(3));
    }

    [Fact]
    public void EnlargesAsPillowDoes()
    {
        PixelImage large = ImageScaler.Resize(ImageReader.Decode(SamplePictures.Bmp24), 20, 17);
        Near([86, 39, 64], large.Row(3).Slice(21, 3));
        Near([234, 225, 220], large.Row(16).Slice(57, 3));
        Near([0, 0, 0], large.Row(0)[..3]);
    }

    [Fact]
    public void ConstantStaysConstantAndSameSizeIsTheSame()
    {
        PixelImage image = new(31, 17, 1);
        Array.Fill(image.Pixels, (byte)201);
        Assert.All(ImageScaler.Resize(image, 7, 50).Pixels, value => Assert.Equal(201, value));
        Assert.Same(image, ImageScaler.Resize(image, 31, 17));
    }

    [Fact]
    public void FitTakesTheCentre()
    {
        PixelImage wide = new(30, 10, 3);
        for (int y = 0; y < 10; y++)
        {
            wide.Pixels.AsSpan(((y * 30) + 10) * 3, 30).Fill(255);
        }

        PixelImage fitted = ImageScaler.Fit(wide, 5, 5, 1);
        Assert.Equal((5, 5, 1), (fitted.Width, fitted.Height, fitted.Channels));
        Assert.All(fitted.Pixels, value => Assert.Equal(255, value));
        Assert.Equal((1, 1), (ImageScaler.CropToAspect(new PixelImage(1, 4000, 1), 32, 32) is { } thin ? (thin.Width, thin.Height) : default));
    }

    [Fact]
    public void GreyIsLuma()
    {
        PixelImage image = ImageReader.Decode(SamplePictures.Bmp24).ToGrey();
        Assert.Equal([79, 86, 92, 99, 105, 112, 118, 125, 131, 138, 144, 151, 157, 164], image.Row(5).ToArray());
    }

    private static void Near(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i] - expected[i], -1, 1);
        }
    }
}
