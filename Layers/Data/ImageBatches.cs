using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>
/// Gives out a data set in normalised batches. With a random source the order changes every epoch and images are augmented; both depend on
/// seed and epoch alone, so any batch of any epoch can be made again without those before it. Serves one thread at a time.
/// </summary>
public sealed class ImageBatches : IBatchSource
{
    private readonly Augmentation _augmentation;
    private readonly RandomSource? _random;
    private readonly int[] _order;
    private readonly float[] _image;
    private long _orderEpoch = -1;

    /// <summary>Prepares the batches of a data set.</summary>
    /// <param name="dataset">The images.</param>
    /// <param name="normalization">Measured on the training part.</param>
    /// <param name="batchSize">The most images in a batch, at least 1.</param>
    /// <param name="random">The root of order and augmentation; null: the images come in their order and unchanged.</param>
    /// <param name="augmentation">Random changes; needs a random source.</param>
    /// <param name="dropLast">Whether images that do not fill a batch are left out of the epoch.</param>
    /// <exception cref="ArgumentException">The channels of data set and normalisation differ, or there is an augmentation without a random source.</exception>
    public ImageBatches(ImageDataset dataset, Normalization normalization, int batchSize, RandomSource? random = null, Augmentation? augmentation = null, bool dropLast = false)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        _augmentation = augmentation ?? Augmentation.None;
        _augmentation.Validate();
        if (normalization.Mean.Length != dataset.Channels)
        {
            throw new ArgumentException($"The normalisation has {normalization.Mean.Length} channels; expected {dataset.Channels} as the images have.", nameof(normalization));
        }

        if (dataset.Answers != AnswerKind.Label && !_augmentation.IsNone)
        {
            throw new ArgumentException($"Images that are answered with a {dataset.Answers} are not augmented; expected no augmentation, not {_augmentation}.", nameof(augmentation));
        }

        if (random is null && !_augmentation.IsNone)
        {
            throw new ArgumentException("An augmentation was given without a random source.", nameof(random));
        }

        Dataset = dataset;
        Normalization = normalization;
        BatchSize = batchSize;
        _random = random;
        BatchCount = dropLast ? dataset.Count / batchSize : (int)(((long)dataset.Count + batchSize - 1) / batchSize);
        _image = new float[dataset.ImageShape.Count];
        _order = new int[dataset.Count];
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }
    }

    /// <summary>The images.</summary>
    public ImageDataset Dataset { get; }

    /// <inheritdoc/>
    public Shape SampleShape => Dataset.ImageShape;

    /// <inheritdoc/>
    /// <remarks>The channels where pictures are to be answered.</remarks>
    public int ClassCount => Dataset.Answers == AnswerKind.Picture ? Dataset.Channels : Dataset.ClassNames.Count;

    /// <inheritdoc/>
    public int TargetCount => Dataset.TargetCount;

    /// <summary>What the images are normalised with.</summary>
    public Normalization Normalization { get; }

    /// <summary>The most images in a batch.</summary>
    public int BatchSize { get; }

    /// <summary>The number of batches in an epoch.</summary>
    public int BatchCount { get; }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Settings =>
    [
        new("images", string.Create(CultureInfo.InvariantCulture, $"{Dataset.Count} of shape {Dataset.ImageShape}")),
        new("order", _random is null ? "as given" : string.Create(CultureInfo.InvariantCulture, $"shuffled by seed {_random.Seed}")),
        new("augmentation", _augmentation.ToString()),
        new("normalisation", Normalization.ToString()),
    ];

    /// <summary>The number of images in a batch: fewer in the last one.</summary>
    /// <param name="batch">From 0 to <see cref="BatchCount"/> − 1.</param>
    public int CountOf(int batch)
    {
        if ((uint)batch >= (uint)BatchCount)
        {
            throw new ArgumentOutOfRangeException(nameof(batch), batch, $"There is no batch {batch}; expected 0 to {BatchCount - 1}.");
        }

        return Math.Min(BatchSize, Dataset.Count - (batch * BatchSize));
    }

    /// <summary>Writes a batch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="batch">From 0 to <see cref="BatchCount"/> − 1.</param>
    /// <param name="samples">[count, height, width, channels].</param>
    /// <param name="labels">One label an image, or its targets one after another.</param>
    /// <param name="sampleIds">The images' numbers (<see cref="ImageDataset.SampleId"/>); empty when not wanted.</param>
    public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        int count = CountOf(batch);
        int length = _image.Length;
        int targets = TargetCount;
        if (samples.Length != (long)count * length || labels.Length != count * targets || (sampleIds.Length != 0 && sampleIds.Length != count))
        {
            throw new ArgumentException($"Room for {samples.Length} values, {labels.Length} labels and {sampleIds.Length} numbers was given; expected {(long)count * length}, {count * targets} and {count} or none.", nameof(samples));
        }

        Order(epoch);
        RandomStream stream = _random is null ? default : _random.Stream("augmentation");
        for (int i = 0; i < count; i++)
        {
            int index = _order[(batch * BatchSize) + i];
            int sampleId = Dataset.SampleId(index);
            Span<float> image = samples.Slice(i * length, length);
            if (_augmentation.IsNone)
            {
                Dataset.CopyImage(index, image);
            }
            else
            {
                Dataset.CopyImage(index, _image);
                _augmentation.Apply(_image, image, Dataset.Height, Dataset.Width, Normalization.Mean, stream, epoch, sampleId);
            }

            Dataset.CopyTargets(index, labels.Slice(i * targets, targets));
            if (sampleIds.Length != 0)
            {
                sampleIds[i] = sampleId;
            }
        }

        Normalization.Apply(samples);
    }

    private void Order(long epoch)
    {
        if (_random is null || epoch == _orderEpoch)
        {
            return;
        }

        // From the plain order each time, so that an epoch's order does not depend on the epochs before it.
        for (int i = 0; i < _order.Length; i++)
        {
            _order[i] = i;
        }

        _random.Stream("shuffle").Shuffle(_order, epoch);
        _orderEpoch = epoch;
    }
}
