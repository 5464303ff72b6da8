using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// The built-in data set: drawn digits in colour, 32 × 32, in ten classes. Each image has a difficulty, even from 0 to 1, that governs how much
/// the strokes are displaced, how far the digit is turned, slanted, scaled and moved, how much clutter lies about, whether a bar covers part of
/// it, how low the contrast and how strong the noise is. So some inputs are easy and some hard, and which is known.
/// </summary>
/// <remarks>
/// An image depends on the seed and its index alone, so any image can be made alone and in parallel, with the same bytes on every machine.
/// The strokes are described in <c>GlyphShapes</c>; no font is used.
/// </remarks>
public static class GlyphImages
{
    /// <summary>The height and width of an image.</summary>
    public const int Size = 32;

    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    /// <summary>The number of classes.</summary>
    public const int ClassCount = GlyphShapes.Count;

    private const float MostHardness = 0.85f;
    private const int ImagesPerPart = 64;
    private const int ShapeNumbers = 256;
    private const int Pixels = Size * Size;
    private const int Values = Pixels * Channels;

    /// <summary>Makes the training, validation and test parts; the test images come from a stream of their own.</summary>
    /// <param name="options">The seeds, sizes and fractions; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <param name="workers">Threads to make them with; null: the calling one.</param>
    public static ImageSplits Open(DatasetOptions? options = null, Workers? workers = null)
    {
        options ??= DatasetOptions.Default;
        ImageDataset training = Make(options.BuiltInTrainingCount, options.BuiltInSeed, "training", workers);
        ImageDataset test = Make(options.BuiltInTestCount, options.BuiltInSeed, "test", workers);
        return ImageSplits.Make("glyphs", training, test, options);
    }

    /// <summary>Makes images.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="part">The name of the part: parts of different names have different images.</param>
    /// <param name="workers">Threads to make them with; null: the calling one.</param>
    public static ImageDataset Make(int count, ulong seed, string part, Workers? workers = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        byte[] pixels = new byte[checked(count * Values)];
        int[] labels = new int[count];
        float[] difficulties = new float[count];
        Work work = new(pixels, labels, difficulties, StreamOf(seed, part));
        int parts = (count + ImagesPerPart - 1) / ImagesPerPart;
        if (workers is null)
        {
            for (int i = 0; i < parts; i++)
            {
                work.Execute(i);
            }
        }
        else
        {
            workers.Run(parts, work);
        }

        return ImageDataset.FromBytes(new Shape(Size, Size, Channels), pixels, labels, GlyphShapes.Names(), difficulties: difficulties);
    }

    /// <summary>Draws one image.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="part">The name of the part.</param>
    /// <param name="index">The image, from 0.</param>
    /// <param name="pixels">[32, 32, 3].</param>
    /// <returns>The class and the difficulty.</returns>
    public static (int Label, float Difficulty) Draw(ulong seed, string part, int index, Span<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (pixels.Length != Values)
        {
            throw new ArgumentException($"Room for {pixels.Length} bytes was given; expected {Values}.", nameof(pixels));
        }

        return Draw(StreamOf(seed, part), index, pixels);
    }

    private static RandomStream StreamOf(ulong seed, string part) => new RandomSource(seed).Stream("glyphs." + part);

    private static (int Label, float Difficulty) Draw(RandomStream stream, int index, Span<byte> pixels)
    {
        Span<float> numbers = stackalloc float[ShapeNumbers + Values];
        GlyphRandom random = new(stream, index, numbers);
        int label = random.Integer(ClassCount);
        float difficulty = random.Uniform();

        // Grows slowly at first, so that the easier half is easy: a network of 2 million MACs reads it without an error, and of the hardest
        // tenth four fifths.
        float hardness = MostHardness * difficulty * MathF.Sqrt(difficulty);
        Span<float> glyph = stackalloc float[Pixels];
        Span<float> clutter = stackalloc float[Pixels];
        Span<float> bar = stackalloc float[Pixels];
        glyph.Clear();
        clutter.Clear();
        bar.Clear();
        DrawGlyph(glyph, label, hardness, ref random);
        DrawClutter(clutter, hardness, ref random);
        DrawBar(bar, hardness, ref random);
        GlyphPalette palette = GlyphPalette.Choose(hardness, ref random);
        palette.Paint(glyph, clutter, bar, numbers[ShapeNumbers..], pixels, Size);
        return (label, difficulty);
    }

    private static void DrawGlyph(Span<float> coverage, int label, float hardness, ref GlyphRandom random)
    {
        float size = 22 + random.Symmetric(2 + (4 * hardness)) - (3 * hardness);
        float aspect = 0.8f + random.Symmetric(0.06f + (0.16f * hardness));
        float shear = random.Symmetric(0.08f + (0.35f * hardness));
        float turn = random.Symmetric(0.03f + (0.2f * hardness));
        float move = 1 + (3.5f * hardness);
        GlyphPlacement place = GlyphPlacement.Make(size * aspect, size, shear, turn, (Size / 2) + random.Symmetric(move), (Size / 2) + random.Symmetric(move));
        float radius = 1.3f + random.Symmetric(0.25f + (0.35f * hardness));
        GlyphCanvas.Draw(coverage, Size, GlyphShapes.Of(label), ref random, 0.015f + (0.075f * hardness), place, radius);
    }

    private static void DrawClutter(Span<float> coverage, float hardness, ref GlyphRandom random)
    {
        int lines = (int)((7 * hardness * random.Uniform()) + (2 * hardness));
        for (int i = 0; i < lines; i++)
        {
            float x = random.Between(0, Size);
            float y = random.Between(0, Size);
            float reach = 4 + (8 * hardness);
            GlyphCanvas.Line(coverage, Size, x, y, x + random.Symmetric(reach), y + random.Symmetric(reach), random.Between(0.6f, 1.4f));
        }
    }

    private static void DrawBar(Span<float> coverage, float hardness, ref GlyphRandom random)
    {
        if (random.Uniform() >= hardness)
        {
            return;
        }

        // Through a point near the middle, so that it hides part of the digit.
        float x = (Size / 2) + random.Symmetric(7);
        float y = (Size / 2) + random.Symmetric(7);
        float dx = random.Symmetric(Size);
        float dy = random.Symmetric(Size);
        GlyphCanvas.Line(coverage, Size, x - dx, y - dy, x + dx, y + dy, 1 + (2.2f * hardness * random.Uniform()));
    }

    private readonly struct Work(byte[] pixels, int[] labels, float[] difficulties, RandomStream stream) : IParallelWork
    {
        public void Execute(int part)
        {
            int end = Math.Min((part + 1) * ImagesPerPart, labels.Length);
            for (int i = part * ImagesPerPart; i < end; i++)
            {
                (labels[i], difficulties[i]) = Draw(stream, i, pixels.AsSpan(i * Values, Values));
            }
        }
    }
}
