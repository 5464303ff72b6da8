using System;

namespace ManagedDyn.Layers.Decisions.Confidence;

/// <summary>
/// How sure an answer for each pixel is, from 0 to 1: by the largest class probability (Li et al., "Not all pixels are equal: difficulty-aware semantic segmentation
/// via deep layer cascade", CVPR 2017, section 3.1), or for pictures by their smoothness, as a coarse picture is wrong where there are edges.
/// </summary>
internal static class PixelCertainty
{
    /// <summary>max softmax(l) of each pixel.</summary>
    /// <param name="logits">[pixels, classes].</param>
    /// <param name="certainties">One a pixel.</param>
    public static void OfLabels(ReadOnlySpan<float> logits, Span<float> certainties)
    {
        int classes = certainties.IsEmpty ? 0 : logits.Length / certainties.Length;
        for (int pixel = 0; pixel < certainties.Length; pixel++)
        {
            ReadOnlySpan<float> own = logits.Slice(pixel * classes, classes);
            float largest = own[0];
            foreach (float logit in own)
            {
                largest = MathF.Max(largest, logit);
            }

            float sum = 0;
            foreach (float logit in own)
            {
                sum += MathF.Exp(logit - largest);
            }

            certainties[pixel] = 1 / sum;
        }
    }

    /// <summary>1 − the largest difference to a neighbour above, below, left or right in any channel, at least 0.</summary>
    /// <param name="values">[height, width, channels], from 0 to 1.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="certainties">One a pixel.</param>
    public static void OfPicture(ReadOnlySpan<float> values, int height, int width, Span<float> certainties)
    {
        int channels = certainties.IsEmpty ? 0 : values.Length / certainties.Length;
        for (int pixel = 0; pixel < certainties.Length; pixel++)
        {
            (int y, int x) = (pixel / width, pixel % width);
            float most = 0;
            for (int c = 0; c < channels; c++)
            {
                int at = (pixel * channels) + c;
                float value = values[at];
                most = y > 0 ? MathF.Max(most, MathF.Abs(value - values[at - (width * channels)])) : most;
                most = y < height - 1 ? MathF.Max(most, MathF.Abs(value - values[at + (width * channels)])) : most;
                most = x > 0 ? MathF.Max(most, MathF.Abs(value - values[at - channels])) : most;
                most = x < width - 1 ? MathF.Max(most, MathF.Abs(value - values[at + channels])) : most;
            }

            certainties[pixel] = MathF.Max(0, 1 - most);
        }
    }
}
