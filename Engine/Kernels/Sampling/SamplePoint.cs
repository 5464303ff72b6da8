using System;

namespace ManagedDyn.Engine.Kernels.Sampling;

/// <summary>
/// A place between four pixels of a map: which they are, which of them exist, and how far it is from the first. Pixels outside the map count as zero.
/// </summary>
internal readonly ref struct SamplePoint
{
    /// <summary>Finds the pixels around a place.</summary>
    /// <param name="y">The row.</param>
    /// <param name="x">The column.</param>
    /// <param name="height">Rows of the map.</param>
    /// <param name="width">Columns of the map.</param>
    public SamplePoint(float y, float x, int height, int width)
    {
        // Also false for what is not a number; then nothing here means anything but IsUndefined.
        IsNear = y > -1 && x > -1 && y < height && x < width;
        IsUndefined = float.IsNaN(y) || float.IsNaN(x);
        if (!IsNear)
        {
            return;
        }

        float top = MathF.Floor(y);
        float left = MathF.Floor(x);
        Below = y - top;
        Right = x - left;
        Row = (int)top;
        Column = (int)left;
        HasTop = Row >= 0;
        HasBottom = Row < height - 1;
        HasLeft = Column >= 0;
        HasRight = Column < width - 1;
    }

    /// <summary>Whether at least one of the four pixels can lie inside the map.</summary>
    public bool IsNear { get; }

    /// <summary>Whether a coordinate is not a number.</summary>
    public bool IsUndefined { get; }

    /// <summary>The row of the upper pixels.</summary>
    public int Row { get; }

    /// <summary>The column of the left pixels.</summary>
    public int Column { get; }

    /// <summary>The distance from the upper pixels: the weight of the lower ones.</summary>
    public float Below { get; }

    /// <summary>The distance from the left pixels: the weight of the right ones.</summary>
    public float Right { get; }

    /// <summary>Whether the upper pixels' row exists.</summary>
    public bool HasTop { get; }

    /// <summary>Whether the lower pixels' row exists.</summary>
    public bool HasBottom { get; }

    /// <summary>Whether the left pixels' column exists.</summary>
    public bool HasLeft { get; }

    /// <summary>Whether the right pixels' column exists.</summary>
    public bool HasRight { get; }
}
