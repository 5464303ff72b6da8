using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// The built-in sets for answers of each pixel: scenes of 64 × 64 in colour with some drawn digits and lines before a ground of changing light. In one the class of each
/// pixel is asked for, the ground and lines being one class; in the other the scene is noisy and the clean one is asked for.
/// </summary>
/// <remarks>A scene depends on the seed and its index alone. The digits are those of <see cref="GlyphImages"/>, four of them.</remarks>
public static class SceneImages
{
    /// <summary>The height and width of a scene.</summary>
    public const int Size = 64;

    /// <summary>Red, green and blue.</summary>
    public const int Channels = 3;

    private const int Pixels = Size * Size;
    private const int Values = Pixels * Channels;
    private const int ScenesPerPart = 16;
    private const int ShapeNumbers = 1024;
    private const int MostDigits = 5;
    private const int LeastDigits = 2;
    private const int MostLines = 5;

    // A pixel belongs to a digit where the pen covers at least half of it.
    private const float Covered = 0.5f;

    // Noise is even from −this to this: its deviation is 0.58 of it.
    private const float SlightNoise = 0.06f;
    private const float StrongNoise = 0.25f;

    // The built-in sets of classes are large, as a sample has one label; here it has one for each pixel.
    private const int Fewer = 10;

    private static ReadOnlySpan<int> Digits => [0, 1, 4, 7];

    /// <summary>The classes of pixels: the ground, and the digits.</summary>
    public static string[] ClassNames() => ["ground", "0", "1", "4", "7"];

    /// <summary>Makes the training, validation and test parts.</summary>
    /// <param name="answers">Maps of labels, or clean pictures of noisy scenes.</param>
    /// <param name="options">The seeds, sizes and fractions; of the built-in numbers of images a tenth is made. By default <see cref="DatasetOptions.Default"/>.</param>
    /// <param name="workers">Threads to make them with; null: the calling one.</param>
    public static ImageSplits Open(AnswerKind answers, DatasetOptions? options = null, Workers? workers = null)
    {
        options ??= DatasetOptions.Default;
        ImageDataset training = Make(answers, options.BuiltInTrainingCount / Fewer, options.BuiltInSeed, "training", workers);
        ImageDataset test = Make(answers, options.BuiltInTestCount / Fewer, options.BuiltInSeed, "test", workers);
        return ImageSplits.Make(answers == AnswerKind.Picture ? Datasets.NoisyScenes : Datasets.Scenes, training, test, options);
    }

    /// <summary>Makes scenes.</summary>
    /// <param name="answers">Maps of labels, or clean pictures of noisy scenes.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="part">The name of the part: parts of different names have different scenes.</param>
    /// <param name="workers">Threads to make them with; null: the calling one.</param>
    public static ImageDataset Make(AnswerKind answers, int count, ulong seed, string part, Workers? workers = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (answers is not (AnswerKind.LabelMap or AnswerKind.Picture))
        {
            throw new ArgumentOutOfRangeException(nameof(answers), answers, "Expected maps of labels or pictures.");
        }

        byte[] pixels = new byte[checked(count * Values)];
        byte[] targets = new byte[checked(count * (answers == AnswerKind.Picture ? Values : Pixels))];
        Work work = new(pixels, targets, answers, new RandomSource(seed).Stream("scenes." + part), count);
        int parts = (count + ScenesPerPart - 1) / ScenesPerPart;
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

        string[] names = answers == AnswerKind.Picture ? ["picture"] : ClassNames();
        return ImageDataset.FromMaps(new Shape(Size, Size, Channels), pixels, answers, targets, names);
    }

    private static void Draw(RandomStream stream, int index, Span<float> numbers, Span<float> scene, Span<float> coverage, Span<byte> labels)
    {
        GlyphRandom random = new(stream, index, numbers);
        Span<float> colour = stackalloc float[Channels];
        Ground(scene, ref random);
        labels.Clear();
        int lines = random.Integer(MostLines + 1);
        for (int i = 0; i < lines; i++)
        {
            (float x, float y) = (random.Between(0, Size), random.Between(0, Size));
            coverage.Clear();
            GlyphCanvas.Line(coverage, Size, x, y, x + random.Symmetric(30), y + random.Symmetric(30), random.Between(0.6f, 1.6f));
            Choose(colour, ref random);
            Paint(scene, coverage, colour);
        }

        int digits = LeastDigits + random.Integer(MostDigits - LeastDigits + 1);
        for (int i = 0; i < digits; i++)
        {
            int kind = random.Integer(Digits.Length);
            float size = random.Between(16, 30);
            GlyphPlacement place = GlyphPlacement.Make(
                size * 0.8f, size, random.Symmetric(0.2f), random.Symmetric(0.1f), random.Between(8, Size - 8), random.Between(8, Size - 8));
            coverage.Clear();
            GlyphCanvas.Draw(coverage, Size, GlyphShapes.Of(Digits[kind]), ref random, 0.03f, place, random.Between(1.2f, 2.4f));
            Choose(colour, ref random);
            Paint(scene, coverage, colour);
            for (int pixel = 0; pixel < Pixels; pixel++)
            {
                labels[pixel] = coverage[pixel] >= Covered ? (byte)(kind + 1) : labels[pixel];
            }
        }
    }

    private static void Ground(Span<float> scene, ref GlyphRandom random)
    {
        Span<float> level = [random.Between(0.3f, 0.7f), random.Between(0.3f, 0.7f), random.Between(0.3f, 0.7f)];
        float right = random.Symmetric(0.3f) / Size;
        float down = random.Symmetric(0.3f) / Size;
        for (int i = 0; i < Values; i++)
        {
            int pixel = i / Channels;
            scene[i] = level[i % Channels] + (right * ((pixel % Size) - (Size / 2))) + (down * ((pixel / Size) - (Size / 2)));
        }
    }

    // Dark or light, away from the ground's middle levels.
    private static void Choose(scoped Span<float> colour, ref GlyphRandom random)
    {
        bool isLight = random.Uniform() < 0.5f;
        foreach (ref float level in colour)
        {
            level = isLight ? random.Between(0.75f, 1) : random.Between(0, 0.25f);
        }
    }

    private static void Paint(Span<float> scene, ReadOnlySpan<float> coverage, scoped ReadOnlySpan<float> colour)
    {
        for (int i = 0; i < Values; i++)
        {
            scene[i] += (colour[i % Channels] - scene[i]) * coverage[i / Channels];
        }
    }

    private static byte ToByte(float value) => (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5f);

    private readonly struct Work(byte[] pixels, byte[] targets, AnswerKind answers, RandomStream stream, int count) : IParallelWork
    {
        public void Execute(int part)
        {
            float[] numbers = new float[ShapeNumbers + Values];
            float[] scene = new float[Values];
            float[] coverage = new float[Pixels];
            byte[] labels = new byte[Pixels];
            float noise = answers == AnswerKind.Picture ? StrongNoise : SlightNoise;
            int end = Math.Min((part + 1) * ScenesPerPart, count);
            for (int i = part * ScenesPerPart; i < end; i++)
            {
                Draw(stream, i, numbers, scene, coverage, labels);
                Span<byte> image = pixels.AsSpan(i * Values, Values);
                for (int v = 0; v < Values; v++)
                {
                    image[v] = ToByte(scene[v] + (noise * ((2 * numbers[ShapeNumbers + v]) - 1)));
                }

                if (answers == AnswerKind.LabelMap)
                {
                    labels.CopyTo(targets, i * Pixels);
                    continue;
                }

                for (int v = 0; v < Values; v++)
                {
                    targets[(i * Values) + v] = ToByte(scene[v]);
                }
            }
        }
    }
}
