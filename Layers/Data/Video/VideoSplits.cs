using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data.Video;

/// <summary>Labelled videos of one size in three parts. They are held as sheets: images that have the frames of a video under each other.</summary>
public sealed class VideoSplits : DataSplits
{
    /// <summary>Wraps sheets.</summary>
    /// <param name="sheets">[frames · height, width, channels] each.</param>
    /// <param name="frames">Frames of a video.</param>
    /// <exception cref="ArgumentException">The rows of a sheet are no whole number of frames.</exception>
    public VideoSplits(ImageSplits sheets, int frames)
    {
        ArgumentNullException.ThrowIfNull(sheets);
        ArgumentOutOfRangeException.ThrowIfLessThan(frames, 1);
        if (sheets.Training.Height % frames != 0)
        {
            throw new ArgumentException($"The sheets have {sheets.Training.Height} rows; expected a multiple of {frames} frames.", nameof(sheets));
        }

        Sheets = sheets;
        Frames = frames;
    }

    /// <summary>The sheets.</summary>
    public ImageSplits Sheets { get; }

    /// <summary>Frames of a video.</summary>
    public int Frames { get; }

    /// <summary>[frames, height, width, channels].</summary>
    public Shape VideoShape => VideoSamples.ShapeOf(Sheets.Training, Frames);

    /// <inheritdoc/>
    public override string Name => Sheets.Name;

    /// <inheritdoc/>
    public override string Noun => "videos";

    /// <inheritdoc/>
    public override IReadOnlyList<string> ClassNames => Sheets.ClassNames;

    /// <inheritdoc/>
    public override int TrainingCount => Sheets.TrainingCount;

    /// <inheritdoc/>
    public override int ValidationCount => Sheets.ValidationCount;

    /// <inheritdoc/>
    public override int TestCount => Sheets.TestCount;

    /// <inheritdoc/>
    public override DataSplits WithFold(int fold) => new VideoSplits((ImageSplits)Sheets.WithFold(fold), Frames);
}
