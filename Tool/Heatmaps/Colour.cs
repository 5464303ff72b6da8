using System;

namespace ManagedDyn.Tool.Heatmaps;

/// <summary>A colour of 8 bits a channel.</summary>
internal readonly record struct Colour(byte Red, byte Green, byte Blue)
{
    public static Colour Background { get; } = new(24, 26, 31);

    public static Colour Text { get; } = new(232, 234, 238);

    public static Colour Muted { get; } = new(150, 156, 168);

    /// <summary>What is computed.</summary>
    public static Colour Active { get; } = new(255, 176, 46);

    // From nothing to all: dark blue over purple and orange to light yellow, ever lighter.
    private static ReadOnlySpan<byte> HeatStops => [18, 16, 58, 84, 22, 106, 164, 44, 96, 222, 84, 58, 250, 156, 46, 252, 242, 160];

    // Told apart by hue and lightness, for crops in their order.
    private static ReadOnlySpan<byte> SeriesStops => [255, 214, 64, 92, 200, 255, 255, 120, 160, 130, 230, 130, 200, 150, 255, 255, 160, 80];

    /// <summary>The colour of a share from 0 to 1.</summary>
    public static Colour Heat(float share)
    {
        const int Last = 5;
        float place = Math.Clamp(share, 0, 1) * Last;
        int stop = Math.Min((int)place, Last - 1);
        return At(HeatStops, stop).Mix(At(HeatStops, stop + 1), place - stop);
    }

    /// <summary>The colour of the n-th of several things.</summary>
    public static Colour Series(int index) => At(SeriesStops, index % (SeriesStops.Length / 3));

    /// <summary>This colour with a share of another over it.</summary>
    public Colour Mix(Colour over, float share) => new(Mix(Red, over.Red, share), Mix(Green, over.Green, share), Mix(Blue, over.Blue, share));

    /// <summary>Grey of the same lightness, darkened to a share.</summary>
    public Colour Faded(float share)
    {
        byte grey = (byte)(((19595 * Red) + (38470 * Green) + (7471 * Blue) + (1 << 15)) >> 16);
        return Background.Mix(new Colour(grey, grey, grey), share);
    }

    private static Colour At(ReadOnlySpan<byte> stops, int index) => new(stops[3 * index], stops[(3 * index) + 1], stops[(3 * index) + 2]);

    private static byte Mix(byte under, byte over, float share) => (byte)MathF.Round(under + ((over - under) * share));
}
