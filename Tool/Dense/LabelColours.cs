using System;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Dense;

/// <summary>Colours of the classes of pixels: the first, which is the ground, nearly black, the others told apart by hue.</summary>
internal static class LabelColours
{
    // By this share of the circle from one hue to the next, neighbours in number are far apart and no two meet soon.
    private const double Turn = 0.381966;

    public static Colour Of(int label)
    {
        if (label == 0)
        {
            return new Colour(38, 42, 52);
        }

        double hue = ((label - 1) * Turn) + 0.09;
        double lightness = label % 2 == 0 ? 0.62 : 0.56;
        return new Colour(Level(hue, 0, lightness), Level(hue, 1, lightness), Level(hue, 2, lightness));
    }

    /// <summary>"#e07b26".</summary>
    public static string Hex(int label)
    {
        Colour colour = Of(label);
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"#{colour.Red:x2}{colour.Green:x2}{colour.Blue:x2}");
    }

    public static PixelImage Paint(ReadOnlySpan<byte> labels, int width, int height)
    {
        PixelImage picture = new(width, height, 3);
        for (int i = 0; i < labels.Length; i++)
        {
            Colour colour = Of(labels[i]);
            (picture.Pixels[3 * i], picture.Pixels[(3 * i) + 1], picture.Pixels[(3 * i) + 2]) = (colour.Red, colour.Green, colour.Blue);
        }

        return picture;
    }

    // Hue, saturation and lightness to red, green or blue.
    private static byte Level(double hue, int channel, double lightness)
    {
        double k = ((12 * hue) + (channel == 0 ? 0 : channel == 1 ? 8 : 4)) % 12;
        double amount = 0.75 * Math.Min(lightness, 1 - lightness);
        return (byte)Math.Round(255 * (lightness - (amount * Math.Max(-1, Math.Min(Math.Min(k - 3, 9 - k), 1)))));
    }
}
