using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Dense;

/// <summary>A picture cut into tiles of one size; the last of a row or column are moved inwards, so that none leaves the picture.</summary>
internal sealed class TileGrid
{
    // Only what is narrower than a tile is enlarged: a strip that would become so large is no picture.
    private const long MostEnlarged = PixelImage.MaximumPixels / 4;

    private readonly int _height;
    private readonly int _width;

    private TileGrid(PixelImage picture, int height, int width)
    {
        Picture = picture;
        _height = height;
        _width = width;
        Rows = (picture.Height + height - 1) / height;
        Columns = (picture.Width + width - 1) / width;
    }

    public PixelImage Picture { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int Count => Rows * Columns;

    /// <summary>The tiles over a picture; one smaller than a tile is enlarged to one.</summary>
    /// <param name="name">The name of the picture.</param>
    /// <param name="picture">The picture.</param>
    /// <param name="tile">[height, width, channels] of a tile.</param>
    /// <exception cref="ToolException">The enlarged picture would be too large.</exception>
    public static TileGrid Over(string name, PixelImage picture, Shape tile)
    {
        if (picture.Width >= tile[1] && picture.Height >= tile[0])
        {
            return new TileGrid(picture, tile[0], tile[1]);
        }

        (int width, int height) = (Math.Max(picture.Width, tile[1]), Math.Max(picture.Height, tile[0]));
        return (long)width * height <= MostEnlarged
            ? new TileGrid(ImageScaler.Resize(picture, width, height), tile[0], tile[1])
            : throw new ToolException($"'{name}' has {picture.Width}x{picture.Height} pixels, which tiles of {tile[1]}x{tile[0]} enlarge to {width}x{height}; expected at most {MostEnlarged} pixels");
    }

    public (int Left, int Top) PlaceOf(int tile) =>
        (Math.Min(tile % Columns * _width, Picture.Width - _width), Math.Min(tile / Columns * _height, Picture.Height - _height));

    /// <summary>The tile that a pixel is answered by.</summary>
    public int At(int x, int y) => (y / _height * Columns) + (x / _width);

    public void Copy(int tile, Span<byte> bytes)
    {
        (int left, int top) = PlaceOf(tile);
        int length = _width * Picture.Channels;
        for (int y = 0; y < _height; y++)
        {
            Picture.Row(top + y).Slice(left * Picture.Channels, length).CopyTo(bytes[(y * length)..]);
        }
    }
}
