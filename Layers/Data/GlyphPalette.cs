using System;

namespace ManagedDyn.Layers.Data;

/// <summary>The colours, contrast and noise of one glyph image.</summary>
internal ref struct GlyphPalette
{
    private Colour _background;
    private Colour _glyph;
    private Colour _clutter;
    private Colour _bar;
    private float _slopeX;
    private float _slopeY;
    private float _noise;

    /// <summary>Chooses colours: the harder, the nearer are those of digit and background, and the nearer is the clutter's to the digit's.</summary>
    internal static GlyphPalette Choose(float hardness, ref GlyphRandom random)
    {
        // The sign of the step from background to digit: a light digit on dark ground or a dark one on light ground.
        float sign = random.Uniform() < 0.5f ? 1 : -1;
        float contrast = 0.62f - (0.47f * hardness);
        float level = 0.5f - (sign * contrast * 0.5f);
        Colour background = Colour.Around(level, 0.12f, ref random);
        Colour step = new(contrast * sign * random.Between(0.7f, 1.15f), contrast * sign * random.Between(0.7f, 1.15f), contrast * sign * random.Between(0.7f, 1.15f));
        float clutter = random.Between(0.35f, 0.55f + (0.45f * hardness));
        float slope = 0.05f + (0.2f * hardness);
        return new GlyphPalette
        {
            _background = background,
            _glyph = background.Plus(step, 1),
            _clutter = background.Plus(step, clutter),
            _bar = background.Plus(step, random.Symmetric(0.5f)),
            _slopeX = random.Symmetric(slope) / 32,
            _slopeY = random.Symmetric(slope) / 32,
            _noise = 0.03f + (0.2f * hardness),
        };
    }

    /// <summary>Puts the layers over each other: ground, clutter, digit, bar; then noise.</summary>
    internal readonly void Paint(ReadOnlySpan<float> glyph, ReadOnlySpan<float> clutter, ReadOnlySpan<float> bar, ReadOnlySpan<float> noise, Span<byte> pixels, int size)
    {
        for (int i = 0; i < glyph.Length; i++)
        {
            float light = (_slopeX * ((i % size) - (size / 2))) + (_slopeY * ((i / size) - (size / 2)));
            Colour colour = _background.Mix(_clutter, clutter[i]).Mix(_glyph, glyph[i]).Mix(_bar, bar[i]);
            int at = i * 3;
            pixels[at] = ToByte(colour.Red + light + (_noise * (noise[at] - 0.5f)));
            pixels[at + 1] = ToByte(colour.Green + light + (_noise * (noise[at + 1] - 0.5f)));
            pixels[at + 2] = ToByte(colour.Blue + light + (_noise * (noise[at + 2] - 0.5f)));
        }
    }

    private static byte ToByte(float value) => (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5f);

    private readonly record struct Colour(float Red, float Green, float Blue)
    {
        internal static Colour Around(float level, float amount, ref GlyphRandom random) =>
            new(level + random.Symmetric(amount), level + random.Symmetric(amount), level + random.Symmetric(amount));

        internal Colour Plus(Colour step, float share) =>
            new(Red + (step.Red * share), Green + (step.Green * share), Blue + (step.Blue * share));

        internal Colour Mix(Colour over, float share) =>
            new(Red + ((over.Red - Red) * share), Green + ((over.Green - Green) * share), Blue + ((over.Blue - Blue) * share));
    }
}
