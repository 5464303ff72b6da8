using System;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// The order in which a network that may stop looks at the frames of a video: from coarse to fine, the middle, the first, the last, and then again and again the
/// middle of each gap (Ghodrati et al., "FrameExit", CVPR 2021, section 3.1).
/// </summary>
public static class FrameOrder
{
    /// <summary>Lists all frames of a video, each once.</summary>
    /// <param name="order">As long as the video; gets the numbers of the frames.</param>
    public static void CoarseToFine(Span<int> order)
    {
        int frames = order.Length;
        int taken = 0;
        Add(order, ref taken, (frames - 1) / 2);
        Add(order, ref taken, 0);
        Add(order, ref taken, frames - 1);

        // Each turn takes the middle of every gap that there was when it began, from left to right.
        while (taken < frames)
        {
            int known = taken;
            int last = -1;
            for (int frame = 0; frame < frames; frame++)
            {
                if (order[..known].Contains(frame))
                {
                    if (frame - last > 1)
                    {
                        Add(order, ref taken, last + ((frame - last) / 2));
                    }

                    last = frame;
                }
            }
        }
    }

    private static void Add(Span<int> order, ref int taken, int frame)
    {
        if (taken < order.Length && !order[..taken].Contains(frame))
        {
            order[taken++] = frame;
        }
    }
}
