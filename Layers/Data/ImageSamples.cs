using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>Images as a network takes them: y = (x − mean) / deviation for each channel; training may change them at random.</summary>
public sealed class ImageSamples : SampleSet
{
    private readonly Augmentation _augmentation;

    /// <summary>Prepares images.</summary>
    /// <param name="images">The images.</param>
    /// <param name="normalization">Measured on the training part.</param>
    /// <param name="augmentation">How training changes them; none: not at all.</param>
    /// <param name="isSequence">Whether a sample is a sequence of pixels, [H·W, C], row by row; training then changes nothing.</param>
    /// <exception cref="ArgumentException">The channels of images and normalisation differ.</exception>
    public ImageSamples(ImageDataset images, Normalization normalization, Augmentation? augmentation = null, bool isSequence = false)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(normalization);
        if (normalization.Mean.Length != images.Channels)
        {
            throw new ArgumentException($"The normalisation has {normalization.Mean.Length} channels; expected {images.Channels} as the images have.", nameof(normalization));
        }

        Images = images;
        Normalization = normalization;
        _augmentation = augmentation ?? Augmentation.None;
        IsSequence = isSequence;
        SampleShape = isSequence ? new Shape(images.Height * images.Width, images.Channels) : images.ImageShape;
    }

    /// <summary>The images as their source has them.</summary>
    public ImageDataset Images { get; }

    /// <summary>What they are normalised with.</summary>
    public Normalization Normalization { get; }

    /// <summary>Whether a sample is a sequence of pixels.</summary>
    public bool IsSequence { get; }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => Images.ClassNames;

    /// <inheritdoc/>
    public override int Count => Images.Count;

    /// <inheritdoc/>
    public override int Label(int index) => Images.Label(index);

    /// <inheritdoc/>
    public override int SampleId(int index) => Images.SampleId(index);

    /// <inheritdoc/>
    public override void Read(int index, Span<float> destination)
    {
        Images.CopyImage(index, destination);
        Normalization.Apply(destination);
    }

    /// <inheritdoc/>
    public override IBatchSource Batches(int batchSize, RandomSource? random = null, bool dropLast = false) =>
        IsSequence ? base.Batches(batchSize, random, dropLast) : new ImageBatches(Images, Normalization, batchSize, random, random is null ? null : _augmentation, dropLast);

    /// <inheritdoc/>
    public override SampleSet Subset(ReadOnlySpan<int> indices) => new ImageSamples(Images.Subset(indices), Normalization, _augmentation, IsSequence);

    /// <summary>The same images, which training changes at random.</summary>
    /// <param name="augmentation">How.</param>
    public ImageSamples With(Augmentation augmentation) => new(Images, Normalization, augmentation, IsSequence);
}
