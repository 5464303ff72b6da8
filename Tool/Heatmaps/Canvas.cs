using System;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Heatmaps;

/// <summary>Draws on a picture of three channels; what lies beyond its border is left out.</summary>
internal sealed class Canvas(PixelImage image)
{
    public PixelImage Image => image;

    public Colour this[int x, int y]
    {
        get
        {
            ReadOnlySpan<byte> pixel = image.Pixels.AsSpan(3 * ((y * image.Width) + x), 3);
            return new Colour(pixel[0], pixel[1], pixel[2]);
        }

        set
        {
            if ((uint)x < (uint)image.Width && (uint)y < (uint)image.Height)
            {
                Span<byte> pixel = image.Pixels.AsSpan(3 * ((y * image.Width) + x), 3);
                (pixel[0], pixel[1], pixel[2]) = (value.Red, value.Green, value.Blue);
            }
        }
    }

    public static Canvas Filled(int width, int height, Colour colour)
    {
        Canvas canvas = new(new PixelImage(width, height, 3));
        canvas.Fill(0, 0, width, height, colour);
        return canvas;
    }

    public void Fill(int left, int top, int width, int height, Colour colour)
    {
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + width; x++)
            {
                this[x, y] = colour;
            }
        }
    }

    /// <summary>A frame whose outer edge is that of the rectangle, with a dark line within so that it is seen on any ground.</summary>
    public void Frame(int left, int top, int width, int height, Colour colour, int thickness)
    {
        for (int i = 0; i <= thickness; i++)
        {
            Colour line = i < thickness ? colour : Colour.Background;
            Fill(left + i, top + i, width - (2 * i), 1, line);
            Fill(left + i, top + height - 1 - i, width - (2 * i), 1, line);
            Fill(left + i, top + i, 1, height - (2 * i), line);
            Fill(left + width - 1 - i, top + i, 1, height - (2 * i), line);
        }
    }

    public void Draw(PixelImage picture, int left, int top)
    {
        for (int y = 0; y < picture.Height; y++)
        {
            picture.Row(y).CopyTo(image.Pixels.AsSpan(3 * (((top + y) * image.Width) + left), 3 * picture.Width));
        }
    }

    public void Write(string text, int left, int top, Colour colour, int scale = 1)
    {
        foreach (char letter in text)
        {
            ReadOnlySpan<byte> columns = PixelFont.ColumnsOf(letter);
            for (int column = 0; column < columns.Length; column++)
            {
                for (int row = 0; row < PixelFont.Height; row++)
                {
                    if ((columns[column] >> row & 1) != 0)
                    {
                        Fill(left + (column * scale), top + (row * scale), scale, scale, colour);
                    }
                }
            }

            left += PixelFont.Advance * scale;
        }
    }
}
