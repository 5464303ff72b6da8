using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Labelled images of one size, [height, width, channels] each. Values are given out between 0 and 1 (as floats of a file: as they are there);
/// memory holds them as the source had them. Subsets share the images. Immutable and shared by threads.
/// </summary>
public sealed class ImageDataset
{
    private readonly byte[]? _bytes;
    private readonly float[]? _floats;
    private readonly float _maximum;
    private readonly int[] _labels;
    private readonly float[]? _difficulties;
    private readonly int[]? _positions;
    private readonly string[] _classNames;
    private readonly byte[]? _targets;

    private ImageDataset(
        Shape imageShape, byte[]? bytes, float[]? floats, float maximum, int[] labels, string[] classNames, float[]? difficulties, int[]? positions, byte[]? targets = null,
        AnswerKind answers = AnswerKind.Label)
    {
        _targets = targets;
        Answers = answers;
        ImageShape = imageShape;
        _bytes = bytes;
        _floats = floats;
        _maximum = maximum;
        _labels = labels;
        _classNames = classNames;
        _difficulties = difficulties;
        _positions = positions;
    }

    /// <summary>The extents of one image: [height, width, channels].</summary>
    public Shape ImageShape { get; }

    /// <summary>The height in pixels.</summary>
    public int Height => ImageShape[0];

    /// <summary>The width in pixels.</summary>
    public int Width => ImageShape[1];

    /// <summary>The number of channels: 1 for grey, 3 for red, green and blue.</summary>
    public int Channels => ImageShape[2];

    /// <summary>The number of images.</summary>
    public int Count => _positions?.Length ?? _labels.Length;

    /// <summary>The names of the classes; a label is an index into it.</summary>
    public IReadOnlyList<string> ClassNames => _classNames;

    /// <summary>What is to be answered for an image: its class, or something for each of its pixels.</summary>
    public AnswerKind Answers { get; }

    /// <summary>How many targets an image has: 1, its class; or one for each pixel of a map of labels, or one for each value of a picture.</summary>
    public int TargetCount => Answers switch { AnswerKind.Label => 1, AnswerKind.LabelMap => Height * Width, _ => ImageShape.Count };

    /// <summary>Whether the source tells how hard each image is.</summary>
    public bool HasDifficulties => _difficulties is not null;

    /// <summary>Makes a set of images held as bytes.</summary>
    /// <param name="imageShape">[height, width, channels], none 0.</param>
    /// <param name="pixels">All images, one after the other; not copied.</param>
    /// <param name="labels">The class of each image; not copied.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="maximum">The byte that stands for 1.</param>
    /// <param name="difficulties">How hard each image is, from 0 to 1, where the source tells; not copied.</param>
    /// <exception cref="ArgumentException">The numbers of pixels, labels and difficulties do not fit each other, or a label is no class.</exception>
    public static ImageDataset FromBytes(Shape imageShape, byte[] pixels, int[] labels, IReadOnlyList<string> classNames, float maximum = 255, float[]? difficulties = null)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (!(maximum > 0) || !float.IsFinite(maximum))
        {
            throw new ArgumentException($"The value that stands for 1 is {maximum}; expected a positive number.", nameof(maximum));
        }

        Check(imageShape, pixels.Length, labels, classNames, difficulties);
        return new ImageDataset(imageShape, pixels, null, maximum, labels, [.. classNames], difficulties, null);
    }

    /// <summary>Makes a set of images, held as bytes from 0 to 255, with something to be answered for each pixel.</summary>
    /// <param name="imageShape">[height, width, channels], none 0.</param>
    /// <param name="pixels">All images, one after the other; not copied.</param>
    /// <param name="answers">Maps of labels or pictures.</param>
    /// <param name="targets">The class of each pixel, or the bytes of each picture, of the images' shape; not copied.</param>
    /// <param name="classNames">The names of the classes of pixels; one name for what pictures are of.</param>
    /// <exception cref="ArgumentException">The numbers of pixels and targets do not fit each other, or a label is no class.</exception>
    public static ImageDataset FromMaps(Shape imageShape, byte[] pixels, AnswerKind answers, byte[] targets, IReadOnlyList<string> classNames)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(classNames);
        int images = imageShape.Rank == 3 && imageShape.Count > 0 ? pixels.Length / imageShape.Count : 0;
        int[] labels = new int[images];
        Check(imageShape, pixels.Length, labels, classNames, null);
        ImageDataset set = new(imageShape, pixels, null, 255, labels, [.. classNames], null, null, targets, answers);
        if (answers == AnswerKind.Label || targets.Length != (long)images * set.TargetCount)
        {
            throw new ArgumentException($"{targets.Length} targets of kind {answers} were given for {images} images {imageShape}; expected one a pixel, or one a value of a picture.", nameof(targets));
        }

        for (int i = 0; answers == AnswerKind.LabelMap && i < targets.Length; i++)
        {
            if (targets[i] >= classNames.Count)
            {
                throw new ArgumentException($"The label of pixel {i % set.TargetCount} of image {i / set.TargetCount} is {targets[i]}; expected 0 to {classNames.Count - 1}.", nameof(targets));
            }
        }

        return set;
    }

    /// <summary>Makes a set of images held as floats, which are given out as they are.</summary>
    /// <param name="imageShape">[height, width, channels], none 0.</param>
    /// <param name="pixels">All images, one after the other, all finite; not copied.</param>
    /// <param name="labels">The class of each image; not copied.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="difficulties">How hard each image is, from 0 to 1, where the source tells; not copied.</param>
    /// <exception cref="ArgumentException">The numbers of pixels, labels and difficulties do not fit each other, a label is no class, or a value is not finite.</exception>
    public static ImageDataset FromFloats(Shape imageShape, float[] pixels, int[] labels, IReadOnlyList<string> classNames, float[]? difficulties = null)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        Check(imageShape, pixels.Length, labels, classNames, difficulties);
        for (int i = 0; i < pixels.Length; i++)
        {
            if (!float.IsFinite(pixels[i]))
            {
                throw new ArgumentException($"Value {i % imageShape.Count} of image {i / imageShape.Count} is {pixels[i]}; expected a finite number.", nameof(pixels));
            }
        }

        return new ImageDataset(imageShape, null, pixels, 1, labels, [.. classNames], difficulties, null);
    }

    /// <summary>
    /// The image's number in the set that this one was taken from: the same in every subset, so that noise keyed by it does not depend on
    /// how the set was split.
    /// </summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public int SampleId(int index)
    {
        if ((uint)index >= (uint)Count)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"There is no image {index}; expected 0 to {Count - 1}.");
        }

        return _positions is null ? index : _positions[index];
    }

    /// <summary>The class of an image.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public int Label(int index) => _labels[SampleId(index)];

    /// <summary>How hard an image is, from 0 to 1; NaN where the source does not tell.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public float Difficulty(int index) => _difficulties is null ? float.NaN : _difficulties[SampleId(index)];

    /// <summary>Writes an image's values, [height, width, channels].</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    /// <param name="destination">As many as an image has.</param>
    public void CopyImage(int index, Span<float> destination)
    {
        int length = ImageShape.Count;
        if (destination.Length != length)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements; expected {length} for an image {ImageShape}.", nameof(destination));
        }

        int start = SampleId(index) * length;
        if (_floats is not null)
        {
            _floats.AsSpan(start, length).CopyTo(destination);
            return;
        }

        ReadOnlySpan<byte> source = _bytes.AsSpan(start, length);
        for (int i = 0; i < length; i++)
        {
            destination[i] = source[i] / _maximum;
        }
    }

    /// <summary>Writes what is to be answered for an image: its class, the class of each pixel, or the bytes of a picture.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    /// <param name="destination">As many as <see cref="TargetCount"/>.</param>
    public void CopyTargets(int index, Span<int> destination)
    {
        if (destination.Length != TargetCount)
        {
            throw new ArgumentException($"The destination has {destination.Length} elements; expected {TargetCount} targets of an image {ImageShape}.", nameof(destination));
        }

        if (_targets is null)
        {
            destination[0] = Label(index);
            return;
        }

        ReadOnlySpan<byte> source = _targets.AsSpan(SampleId(index) * TargetCount, TargetCount);
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = source[i];
        }
    }

    /// <summary>Some of the images.</summary>
    /// <param name="indices">Which, in the order wanted.</param>
    public ImageDataset Subset(ReadOnlySpan<int> indices)
    {
        int[] positions = new int[indices.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            positions[i] = SampleId(indices[i]);
        }

        return new ImageDataset(ImageShape, _bytes, _floats, _maximum, _labels, _classNames, _difficulties, positions, _targets, Answers);
    }

    /// <summary>
    /// Splits off a part in which each class has its share. Which images go where depends on the seed alone; both parts keep the order.
    /// </summary>
    /// <param name="fraction">The share of each class to split off, from 0 to 1.</param>
    /// <param name="random">The seed.</param>
    /// <param name="name">The name of the split: splits of different names are independent.</param>
    /// <returns>What remains, and the part.</returns>
    public (ImageDataset Remaining, ImageDataset Part) Split(float fraction, RandomSource random, string name)
    {
        int[] labels = new int[Count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = Label(i);
        }

        (int[] rest, int[] part) = StratifiedSplit.Of(labels, _classNames.Length, fraction, random, name);
        return (Subset(rest), Subset(part));
    }

    /// <summary>
    /// Splits off one of several parts that together hold each image once and have like shares of each class. Which images go where depends on the seed and
    /// the number of parts alone.
    /// </summary>
    /// <param name="folds">The number of parts, 2 to 100.</param>
    /// <param name="fold">Which, from 0.</param>
    /// <param name="random">The seed.</param>
    /// <returns>What remains, and the part; both keep the order.</returns>
    public (ImageDataset Remaining, ImageDataset Part) Fold(int folds, int fold, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(folds, 100);
        ArgumentOutOfRangeException.ThrowIfNegative(fold);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(fold, folds);
        int[] order = new int[Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        random.Stream("folds").Shuffle(order, 0);

        // Dealt out class by class, each beginning where the one before ended, so that the parts differ by one image at most.
        int[] next = new int[_classNames.Length];
        for (int i = 0; i < Count; i++)
        {
            int label = Label(i);
            if (label + 1 < next.Length)
            {
                next[label + 1]++;
            }
        }

        for (int label = 1; label < next.Length; label++)
        {
            next[label] += next[label - 1];
        }

        bool[] inPart = new bool[Count];
        int taken = 0;
        foreach (int index in order)
        {
            if (next[Label(index)]++ % folds == fold)
            {
                inPart[index] = true;
                taken++;
            }
        }

        return Divide(inPart, taken);
    }

    private (ImageDataset Remaining, ImageDataset Part) Divide(bool[] inPart, int taken)
    {
        int[] part = new int[taken];
        int[] rest = new int[Count - taken];
        int partCount = 0;
        for (int i = 0; i < inPart.Length; i++)
        {
            if (inPart[i])
            {
                part[partCount++] = i;
            }
            else
            {
                rest[i - partCount] = i;
            }
        }

        return (Subset(rest), Subset(part));
    }

    private static void Check(Shape imageShape, int values, int[] labels, IReadOnlyList<string> classNames, float[]? difficulties)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classNames);
        if (imageShape.Rank != 3 || imageShape.Count == 0)
        {
            throw new ArgumentException($"The images have shape {imageShape}; expected [height, width, channels], none 0.", nameof(imageShape));
        }

        if (values != (long)labels.Length * imageShape.Count)
        {
            throw new ArgumentException($"{values} values were given for {labels.Length} images {imageShape}; expected {(long)labels.Length * imageShape.Count}.", nameof(values));
        }

        if (difficulties is not null && difficulties.Length != labels.Length)
        {
            throw new ArgumentException($"{difficulties.Length} difficulties were given for {labels.Length} images.", nameof(difficulties));
        }

        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classNames.Count)
            {
                throw new ArgumentException($"The label of image {i} is {labels[i]}; expected 0 to {classNames.Count - 1}.", nameof(labels));
            }
        }
    }
}
