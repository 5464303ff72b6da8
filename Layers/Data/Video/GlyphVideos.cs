using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data.Video;

/// <summary>
/// The built-in videos: a drawn digit moves over clutter, in grey, 32 × 32. Of many frames little is to be learned: the digit is away, hidden, or strokes that are no
/// digit stand in its place, so that it pays to choose frames. Each video has a difficulty, even from 0 to 1, that governs how many frames show the digit and how
/// clearly: which is known, too.
/// </summary>
/// <remarks>A video depends on the seed and its index alone, with the same bytes on every machine; no font is used.</remarks>
public static class GlyphVideos
{
    /// <summary>The height and width of a frame.</summary>
    public const int Size = 32;

    /// <summary>Frames of a video where nothing else is said.</summary>
    public const int UsualFrames = 16;

    /// <summary>The most frames of a video.</summary>
    public const int MostFrames = 256;

    /// <summary>The number of directions.</summary>
    public const int Directions = 4;

    /// <summary>The name of the data set whose classes are the digits; behind a dash may follow what else is asked: "-motion", "-both".</summary>
    public const string SetName = "moving-glyphs";

    private const int Pixels = Size * Size;
    private const int VideoNumbers = 320;
    private const int FrameNumbers = 160;
    private const int LeastShown = 3;
    private const int VideosPerPart = 16;

    // A video is many images: fewer of them do, and take as long to make.
    private const int ImagesPerVideo = 5;
    private const float Persistence = 0.5f;

    private static readonly string[] DirectionNames = ["right", "left", "down", "up"];

    /// <summary>The number of classes.</summary>
    /// <param name="task">What is asked.</param>
    public static int ClassCount(GlyphVideoTask task) => task switch
    {
        GlyphVideoTask.Glyph => GlyphShapes.Count,
        GlyphVideoTask.Motion => Directions,
        _ => GlyphShapes.Count * Directions,
    };

    /// <summary>The names of the classes: "7", "left", or "7 left".</summary>
    /// <param name="task">What is asked.</param>
    public static string[] ClassNames(GlyphVideoTask task)
    {
        string[] glyphs = GlyphShapes.Names();
        switch (task)
        {
            case GlyphVideoTask.Glyph:
                return glyphs;
            case GlyphVideoTask.Motion:
                return [.. DirectionNames];
        }

        string[] names = new string[glyphs.Length * Directions];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = glyphs[i / Directions] + " " + DirectionNames[i % Directions];
        }

        return names;
    }

    /// <summary>Finds what is asked by the name of a data set.</summary>
    /// <param name="name">"moving-glyphs", "moving-glyphs-motion" or "moving-glyphs-both".</param>
    /// <param name="task">What is asked.</param>
    public static bool TryFind(string name, out GlyphVideoTask task)
    {
        task = name switch { SetName + "-motion" => GlyphVideoTask.Motion, SetName + "-both" => GlyphVideoTask.GlyphAndMotion, _ => GlyphVideoTask.Glyph };
        return name == SetName || task != GlyphVideoTask.Glyph;
    }

    /// <summary>
    /// Makes the training, validation and test parts, the latter from a stream of their own: for five built-in images one video, and for two test images one.
    /// </summary>
    /// <param name="task">What is asked.</param>
    /// <param name="options">The seeds, numbers and fractions, and the number of frames; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <param name="workers">Threads to make them with; null: the calling one.</param>
    public static VideoSplits Open(GlyphVideoTask task = GlyphVideoTask.Glyph, DatasetOptions? options = null, Workers? workers = null)
    {
        options ??= DatasetOptions.Default;
        ImageDataset training = Make(options.BuiltInTrainingCount / ImagesPerVideo, options.Frames, options.BuiltInSeed, "training", task, workers);
        ImageDataset test = Make(options.BuiltInTestCount / 2, options.Frames, options.BuiltInSeed, "test", task, workers);
        string name = task switch { GlyphVideoTask.Glyph => SetName, GlyphVideoTask.Motion => SetName + "-motion", _ => SetName + "-both" };
        return new VideoSplits(ImageSplits.Make(name, training, test, options), options.Frames);
    }

    /// <summary>Makes videos, as sheets that have the frames of a video under each other.</summary>
    /// <param name="count">How many.</param>
    /// <param name="frames">Frames of each.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="part">The name of the part: parts of different names have different videos.</param>
    /// <param name="task">What their class is.</param>
    /// <param name="workers">Threads to make them with; null: the calling one.</param>
    public static ImageDataset Make(int count, int frames, ulong seed, string part, GlyphVideoTask task, Workers? workers = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frames, MostFrames);
        byte[] pixels = new byte[checked(count * frames * Pixels)];
        int[] labels = new int[count];
        float[] difficulties = new float[count];
        Work work = new(pixels, labels, difficulties, StreamOf(seed, part), task, frames);
        int parts = (count + VideosPerPart - 1) / VideosPerPart;
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

        return ImageDataset.FromBytes(new Shape(frames * Size, Size, 1), pixels, labels, ClassNames(task), difficulties: difficulties);
    }

    /// <summary>Draws one video.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="part">The name of the part: parts of different names have different videos.</param>
    /// <param name="index">The video, from 0.</param>
    /// <param name="task">What its class is; the pixels do not depend on it.</param>
    /// <param name="pixels">[frames, 32, 32, 1]; its length says how many frames there are.</param>
    /// <param name="kinds">Gets what each frame shows; empty: not asked for.</param>
    /// <returns>The class and the difficulty.</returns>
    /// <exception cref="ArgumentException">There is no room for whole frames, or for too many.</exception>
    public static (int Label, float Difficulty) Draw(ulong seed, string part, int index, GlyphVideoTask task, Span<byte> pixels, Span<GlyphFrameKind> kinds = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        int frames = pixels.Length / Pixels;
        if (frames < 1 || frames > MostFrames || pixels.Length % Pixels != 0 || (kinds.Length != 0 && kinds.Length != frames))
        {
            throw new ArgumentException($"Room for {pixels.Length} bytes and {kinds.Length} kinds was given; expected 1 to {MostFrames} times {Pixels} bytes, and as many kinds or none.", nameof(pixels));
        }

        return Draw(StreamOf(seed, part), index, task, pixels, kinds);
    }

    internal static RandomStream StreamOf(ulong seed, string part) => new RandomSource(seed).Stream("glyph videos." + part);

    internal static (int Label, float Difficulty) Draw(RandomStream stream, int index, GlyphVideoTask task, Span<byte> pixels, Span<GlyphFrameKind> kinds)
    {
        int frames = pixels.Length / Pixels;
        Span<float> numbers = stackalloc float[VideoNumbers];
        Span<GlyphFrameKind> own = stackalloc GlyphFrameKind[frames];
        GlyphRandom random = new(stream, index, numbers);
        int glyph = random.Integer(GlyphShapes.Count);
        int direction = random.Integer(Directions);
        float difficulty = random.Uniform();
        ChooseKinds(own, 0.85f - (0.6f * difficulty), stream, index, random.Integer(frames));
        if (!kinds.IsEmpty)
        {
            own.CopyTo(kinds);
        }

        Scene scene = Scene.Choose(glyph, direction, difficulty, frames, ref random);
        for (int t = 0; t < frames; t++)
        {
            DrawFrame(in scene, own[t], t, stream, index, random, pixels.Slice(t * Pixels, Pixels));
        }

        int label = task switch
        {
            GlyphVideoTask.Glyph => glyph,
            GlyphVideoTask.Motion => direction,
            _ => (glyph * Directions) + direction,
        };
        return (label, difficulty);
    }

    // What hides the glyph lasts for some frames, and some frames show it at any rate.
    private static void ChooseKinds(Span<GlyphFrameKind> kinds, float share, RandomStream stream, int index, int place)
    {
        Span<float> numbers = stackalloc float[3 * MostFrames];
        GlyphRandom random = new(stream, index, numbers[..(3 * kinds.Length)], step: 1);
        int shown = 0;
        for (int t = 0; t < kinds.Length; t++)
        {
            bool stays = random.Uniform() < Persistence && t > 0;
            bool isShown = random.Uniform() < share;
            int other = random.Integer(3);
            kinds[t] = stays ? kinds[t - 1] : isShown ? GlyphFrameKind.Shown : (GlyphFrameKind)(1 + other);
            shown += kinds[t] == GlyphFrameKind.Shown ? 1 : 0;
        }

        // Steps of 5 come to every place of a video whose length does not divide by 5; else some frames after the first try are asked one by one.
        int step = kinds.Length % 5 == 0 ? 1 : 5;
        for (int tries = 0; shown < Math.Min(LeastShown, kinds.Length) && tries < kinds.Length; tries++)
        {
            int t = (place + (tries * step)) % kinds.Length;
            if (kinds[t] != GlyphFrameKind.Shown)
            {
                kinds[t] = GlyphFrameKind.Shown;
                shown++;
            }
        }
    }

    private static void DrawFrame(in Scene scene, GlyphFrameKind kind, int time, RandomStream stream, int index, scoped GlyphRandom shape, Span<byte> pixels)
    {
        Span<float> numbers = stackalloc float[FrameNumbers + Pixels];
        GlyphRandom random = new(stream, index, numbers, step: 2 + time);
        Span<float> values = stackalloc float[Pixels];
        Span<float> coverage = stackalloc float[Pixels];
        values.Fill(scene.Ground);
        (float x, float y) = scene.At(time);

        coverage.Clear();
        for (int i = 0; i < scene.Lines; i++)
        {
            float left = random.Between(0, Size);
            float top = random.Between(0, Size);
            GlyphCanvas.Line(coverage, Size, left, top, left + random.Symmetric(10), top + random.Symmetric(10), random.Between(0.5f, 1.1f));
        }

        Mix(values, coverage, scene.Clutter);
        coverage.Clear();
        float weight = scene.Glyph + random.Symmetric(0.1f);
        if (kind == GlyphFrameKind.Scribble)
        {
            Scribble(coverage, x, y, in scene, ref random);
        }
        else if (kind != GlyphFrameKind.Empty)
        {
            GlyphCanvas.Draw(coverage, Size, GlyphShapes.Of(scene.Number), ref shape, scene.Jitter, scene.Place(x, y), scene.Radius);
        }

        Mix(values, coverage, weight);
        if (kind == GlyphFrameKind.Hidden)
        {
            coverage.Clear();
            float dx = random.Symmetric(scene.Height / 2);
            float dy = random.Symmetric(scene.Height / 2);
            GlyphCanvas.Line(coverage, Size, x - dx, y - dy, x + dx, y + dy, 0.36f * scene.Height);
            Mix(values, coverage, scene.Clutter + random.Symmetric(0.15f));
        }

        ReadOnlySpan<float> noise = numbers[FrameNumbers..];
        for (int i = 0; i < Pixels; i++)
        {
            pixels[i] = (byte)((Math.Clamp(values[i] + (scene.Noise * (noise[i] - 0.5f)), 0, 1) * 255) + 0.5f);
        }
    }

    private static void Scribble(Span<float> coverage, float x, float y, in Scene scene, ref GlyphRandom random)
    {
        float reach = scene.Height / 2;
        float fromX = x + random.Symmetric(reach);
        float fromY = y + random.Symmetric(reach);
        for (int i = 0; i < 5; i++)
        {
            float toX = x + random.Symmetric(reach);
            float toY = y + random.Symmetric(reach);
            GlyphCanvas.Line(coverage, Size, fromX, fromY, toX, toY, scene.Radius);
            fromX = toX;
            fromY = toY;
        }
    }

    private static void Mix(Span<float> values, ReadOnlySpan<float> coverage, float over)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] += (over - values[i]) * coverage[i];
        }
    }

    private readonly struct Work(byte[] pixels, int[] labels, float[] difficulties, RandomStream stream, GlyphVideoTask task, int frames) : IParallelWork
    {
        public void Execute(int part)
        {
            int size = frames * Pixels;
            int end = Math.Min((part + 1) * VideosPerPart, labels.Length);
            for (int i = part * VideosPerPart; i < end; i++)
            {
                (labels[i], difficulties[i]) = Draw(stream, i, task, pixels.AsSpan(i * size, size), []);
            }
        }
    }

    /// <summary>What all frames of a video share.</summary>
    private readonly record struct Scene(int Number, float Height, float Aspect, float Shear, float Turn, float Radius, float Jitter)
    {
        public float Ground { get; private init; }

        public float Glyph { get; private init; }

        public float Clutter { get; private init; }

        public float Noise { get; private init; }

        public int Lines { get; private init; }

        private float StartX { get; init; }

        private float StartY { get; init; }

        private float StepX { get; init; }

        private float StepY { get; init; }

        public static Scene Choose(int glyph, int direction, float hardness, int frames, ref GlyphRandom random)
        {
            float sign = random.Uniform() < 0.5f ? 1 : -1;
            float contrast = 0.7f - (0.35f * hardness);
            float ground = 0.5f - (sign * contrast * 0.5f);

            // 6 to 12 pixels in all, along one axis; little across.
            float way = random.Between(6, 12);
            float along = way / Math.Max(1, frames - 1);
            float across = random.Symmetric(0.1f * along);
            float sense = direction % 2 == 0 ? 1 : -1;
            float stepX = direction < 2 ? sense * along : across;
            float stepY = direction < 2 ? across : sense * along;
            float middle = 0.5f * (frames - 1);
            return new Scene(
                glyph,
                17 + random.Symmetric(2.5f),
                0.8f + random.Symmetric(0.05f + (0.08f * hardness)),
                random.Symmetric(0.08f + (0.2f * hardness)),
                random.Symmetric(0.03f + (0.1f * hardness)),
                1.15f + random.Symmetric(0.25f),
                0.015f + (0.045f * hardness))
            {
                Ground = ground,
                Glyph = ground + (sign * contrast),
                Clutter = ground + (sign * contrast * random.Between(0.35f, 0.7f)),
                Noise = 0.08f + (0.3f * hardness),
                Lines = 2 + (int)(4 * hardness),
                StartX = (Size / 2) + random.Symmetric(2.5f) - (middle * stepX),
                StartY = (Size / 2) + random.Symmetric(2.5f) - (middle * stepY),
                StepX = stepX,
                StepY = stepY,
            };
        }

        public (float X, float Y) At(int time) => (StartX + (time * StepX), StartY + (time * StepY));

        public GlyphPlacement Place(float x, float y) => GlyphPlacement.Make(Height * Aspect, Height, Shear, Turn, x, y);
    }
}
