using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data.Video;

/// <summary>Videos as a network takes them, [frames, height, width, channels]: y = (x − mean) / deviation for each channel.</summary>
public sealed class VideoSamples : SampleSet
{
    private readonly ImageDataset _sheets;
    private readonly Normalization _normalization;
    private readonly int _frames;

    /// <summary>Prepares videos.</summary>
    /// <param name="sheets">Images that have the frames of a video under each other.</param>
    /// <param name="frames">Frames of a video.</param>
    /// <param name="normalization">Measured on the training part.</param>
    /// <exception cref="ArgumentException">Rows or channels do not fit.</exception>
    public VideoSamples(ImageDataset sheets, int frames, Normalization normalization)
    {
        ArgumentNullException.ThrowIfNull(sheets);
        ArgumentNullException.ThrowIfNull(normalization);
        SampleShape = ShapeOf(sheets, frames);
        if (normalization.Mean.Length != sheets.Channels)
        {
            throw new ArgumentException($"The normalisation has {normalization.Mean.Length} channels; expected {sheets.Channels} as the videos have.", nameof(normalization));
        }

        _sheets = sheets;
        _normalization = normalization;
        _frames = frames;
    }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => _sheets.ClassNames;

    /// <inheritdoc/>
    public override int Count => _sheets.Count;

    /// <inheritdoc/>
    public override IReadOnlyList<KeyValuePair<string, string>> Settings => [new("videos", $"{Count} of shape {SampleShape}"), new("normalization", _normalization.ToString())];

    /// <inheritdoc/>
    public override int Label(int index) => _sheets.Label(index);

    /// <inheritdoc/>
    public override int SampleId(int index) => _sheets.SampleId(index);

    /// <summary>How hard a video is, from 0 to 1; NaN where the source does not tell.</summary>
    /// <param name="index">From 0 to <see cref="SampleSet.Count"/> − 1.</param>
    public float Difficulty(int index) => _sheets.Difficulty(index);

    /// <inheritdoc/>
    public override void Read(int index, Span<float> destination)
    {
        _sheets.CopyImage(index, destination);
        _normalization.Apply(destination);
    }

    /// <inheritdoc/>
    public override SampleSet Subset(ReadOnlySpan<int> indices) => new VideoSamples(_sheets.Subset(indices), _frames, _normalization);

    internal static Shape ShapeOf(ImageDataset sheets, int frames)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        return sheets.Height % frames == 0
            ? new Shape(frames, sheets.Height / frames, sheets.Width, sheets.Channels)
            : throw new ArgumentException($"The sheets have {sheets.Height} rows; expected a multiple of {frames} frames.", nameof(sheets));
    }
}
