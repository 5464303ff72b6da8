using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>Frames of a batch of videos as images side by side.</summary>
internal static class FrameRows
{
    /// <summary>Refuses what is no batch of videos.</summary>
    public static void Check(Shape input)
    {
        if (input.Rank != 5 || input[1] < 1)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, frames, height, width, channels] with at least one frame.", nameof(input));
        }
    }

    /// <summary>The shape of frames of a batch of videos, as images.</summary>
    public static Shape Frame(Shape video, int count)
    {
        Check(video);
        return new Shape(count, video[2], video[3], video[4]);
    }

    /// <summary>Selected frames, one video's after the other's: [N, T, H, W, C] to [selected in all, H, W, C].</summary>
    /// <param name="context">The context.</param>
    /// <param name="video">[N, T, H, W, C].</param>
    /// <param name="frames">A row for each video over T; all: every frame.</param>
    public static Tensor Gather(Context context, Tensor video, Selection frames)
    {
        Shape shape = video.Shape;
        Tensor rows = context.GatherPixels(video.Reshape(new Shape(shape[0], shape[1], 1, shape.ProductFrom(2))), frames);
        return rows.Reshape(Frame(shape, rows.Shape[0]));
    }

    /// <summary>One frame of each video, [N, H, W, C].</summary>
    public static Tensor At(Context context, Tensor video, int frame) =>
        context.Slice(video, 1, frame, 1).Reshape(Frame(video.Shape, video.Shape[0]));

    /// <summary>
    /// Runs a layer on frames of which a video may have several, and counts them for their videos; each may have as many as the dense network sees, which is what
    /// the others cost that.
    /// </summary>
    /// <param name="context">The context.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="images">[selected in all, …].</param>
    /// <param name="frames">Which frames of which video they are, a row for each video.</param>
    /// <param name="dense">The frames of a video that the dense network sees.</param>
    public static Tensor Run(Context context, Layer layer, Tensor images, Selection frames, int dense)
    {
        ComputeMeter? meter = context.Meter;
        Selection samples = context.Samples;
        if (meter is not null)
        {
            using MeterTurn turn = new(context, layer);
            long macs = layer.CountMacs(images.Shape.With(0, 1));
            for (int n = 0; n < frames.Rows; n++)
            {
                context.CountRow(n, frames.RowCount(n) * macs, dense * macs);
            }
        }

        context.Meter = null;
        context.Samples = default;
        try
        {
            return layer.Forward(context, images);
        }
        finally
        {
            context.Meter = meter;
            context.Samples = samples;
        }
    }
}
