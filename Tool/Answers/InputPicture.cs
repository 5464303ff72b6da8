using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Inputs;

namespace ManagedDyn.Tool.Answers;

/// <summary>Inputs as pictures to look at.</summary>
internal static class InputPicture
{
    /// <summary>The picture that bytes are; null for what is no picture, and for values, which were preprocessed.</summary>
    public static PixelImage? Of(InputSample input, Shape shape) =>
        input.Bytes is { } bytes && IsPicture(shape) ? new PixelImage(shape[1], shape[0], shape[2], (byte[])bytes.Clone()) : null;

    /// <summary>A picture also of values, stretched from their smallest to black to their largest to white; null for what has no rows, columns and colours.</summary>
    public static PixelImage? Any(InputSample input, Shape shape)
    {
        if (!IsPicture(shape) || input.Values is not { } values)
        {
            return Of(input, shape);
        }

        float least = float.PositiveInfinity;
        float most = float.NegativeInfinity;
        foreach (float value in values)
        {
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }

        PixelImage picture = new(shape[1], shape[0], shape[2]);
        for (int i = 0; i < values.Length; i++)
        {
            picture.Pixels[i] = (byte)MathF.Round(255 * (values[i] - least) / Math.Max(most - least, float.Epsilon));
        }

        return picture;
    }

    private static bool IsPicture(Shape shape) => shape.Rank == 3 && shape[2] is 1 or 3;
}
