using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Heatmaps;

/// <summary>
/// Draws where a network computed over the picture that it was given: how much in all, the map of each layer, and the boxes it looked at. What is drawn follows from
/// the decisions alone, so a new layer that tells its places is drawn as well.
/// </summary>
public static class SpatialPanels
{
    // Panels beyond so many are no longer looked at.
    private const int MostPanels = 40;
    private const int LongSide = 240;
    private const float Shade = 0.62f;

    /// <summary>The panels of one answer: the picture first.</summary>
    /// <param name="input">The picture as the network got it.</param>
    /// <param name="decisions">What its layers chose, in their order.</param>
    public static IReadOnlyList<SpatialPanel> Draw(PixelImage input, IReadOnlyList<DecisionLine> decisions)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(decisions);
        PixelImage ground = Enlarge(input.ToRgb());
        List<SpatialPanel> panels = [new(ground, "input", Size(input.Height, input.Width))];
        AddMean(panels, ground, decisions);
        AddCrops(panels, ground, decisions);
        int crops = 0;
        foreach (DecisionLine line in decisions)
        {
            if (line.Place is not { } place || panels.Count >= MostPanels)
            {
                continue;
            }

            if (place.HasMap)
            {
                panels.Add(place.MostLevel > 0 ? Levels(ground, line, place) : Mask(ground, line, place));
            }

            if (place.Views.Count > 0)
            {
                panels.Add(Seen(input, ground, line, place.Views[0], IsWhole(place.Views[0]) ? -1 : crops));
                crops += IsWhole(place.Views[0]) ? 0 : 1;
            }
        }

        return panels;
    }

    /// <summary>Whether any decision tells a place.</summary>
    public static bool HasPlaces(IReadOnlyList<DecisionLine> decisions)
    {
        ArgumentNullException.ThrowIfNull(decisions);
        foreach (DecisionLine line in decisions)
        {
            if (line.Place is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The size of the panels for a picture of some size.</summary>
    internal static PixelImage Enlarge(PixelImage image)
    {
        int longest = Math.Max(image.Width, image.Height);
        if (longest > LongSide)
        {
            return ImageScaler.Resize(image, (int)Math.Max(1, (long)image.Width * LongSide / longest), (int)Math.Max(1, (long)image.Height * LongSide / longest));
        }

        int factor = LongSide / longest;
        return Nearest(image, image.Width * factor, image.Height * factor);
    }

    private static string Size(int height, int width) => string.Create(CultureInfo.InvariantCulture, $"{width} x {height} pixels");

    private static bool IsWhole(in ImageView view) => view is { Top: 0, Left: 0, Height: 1, Width: 1 };

    private static PixelImage Nearest(PixelImage image, int width, int height)
    {
        PixelImage result = new(width, height, image.Channels);
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<byte> row = image.Row((int)((long)y * image.Height / height));
            for (int x = 0; x < width; x++)
            {
                row.Slice((int)((long)x * image.Width / width) * image.Channels, image.Channels).CopyTo(result.Pixels.AsSpan(((y * width) + x) * image.Channels));
            }
        }

        return result;
    }

    // Layers weigh by what they cost where all of them runs, so that a share of 1 is the dense network.
    private static void AddMean(List<SpatialPanel> panels, PixelImage ground, IReadOnlyList<DecisionLine> decisions)
    {
        float[] sums = new float[ground.Width * ground.Height];
        double total = 0;
        int layers = 0;
        foreach (DecisionLine line in decisions)
        {
            if (line.Place is not { HasMap: true, MostLevel: 0 } place)
            {
                continue;
            }

            float weight = Math.Max(1, line.DenseMacs);
            total += weight;
            layers++;
            for (int i = 0; i < sums.Length; i++)
            {
                sums[i] += weight * place.Shares[CellAt(place, i, ground)];
            }
        }

        if (layers == 0)
        {
            return;
        }

        double mean = 0;
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] /= (float)total;
            mean += sums[i];
        }

        panels.Add(new SpatialPanel(Heat(ground, sums), "compute of all layers", $"{Quantity.Percent(mean / sums.Length)} of the dense layers") { IsHeat = true });
    }

    private static void AddCrops(List<SpatialPanel> panels, PixelImage ground, IReadOnlyList<DecisionLine> decisions)
    {
        List<IReadOnlyList<ImageView>> looks = [];
        List<ImageView> all = [];
        foreach (DecisionLine line in decisions)
        {
            if (line.Place is { Views.Count: > 0 } place && !IsWhole(place.Views[0]))
            {
                looks.Add(place.Views);
                all.AddRange(place.Views);
            }
        }

        if (looks.Count == 0)
        {
            return;
        }

        Canvas canvas = new(Nearest(ground, ground.Width, ground.Height));
        for (int y = 0; y < ground.Height; y++)
        {
            for (int x = 0; x < ground.Width; x++)
            {
                if (!IsWithin(all, (x + 0.5f) / ground.Width, (y + 0.5f) / ground.Height))
                {
                    canvas[x, y] = canvas[x, y].Faded(Shade);
                }
            }
        }

        for (int look = 0; look < looks.Count; look++)
        {
            for (int i = looks[look].Count - 1; i >= 0; i--)
            {
                // The first of several views is the sharpest.
                (int left, int top, int width, int height) = BoxOf(looks[look][i], ground);
                canvas.Frame(left, top, width, height, Colour.Series(look), i == 0 ? 2 : 1);
            }
        }

        for (int look = 0; look < looks.Count; look++)
        {
            Tag(canvas, looks, look);
        }

        panels.Add(new SpatialPanel(canvas.Image, "where it looked", $"{looks.Count} {(looks.Count == 1 ? "crop" : "crops, in their order")}"));
    }

    // The number in the corner of the sharpest view, beside those of others that begin there.
    private static void Tag(Canvas canvas, List<IReadOnlyList<ImageView>> looks, int look)
    {
        ImageView view = looks[look][0];
        int before = looks.GetRange(0, look).FindAll(other => other[0].Top == view.Top && other[0].Left == view.Left).Count;
        (int left, int top, _, _) = BoxOf(view, canvas.Image);
        string number = (look + 1).ToString(CultureInfo.InvariantCulture);
        int x = Math.Clamp(left + 2 + (14 * before), 0, canvas.Image.Width - 16);
        int y = Math.Clamp(top + 2, 0, canvas.Image.Height - 16);
        canvas.Fill(x, y, (PixelFont.Advance * number.Length) + 3, PixelFont.Height + 3, Colour.Series(look));
        canvas.Write(number, x + 2, y + 2, Colour.Background);
    }

    private static SpatialPanel Mask(PixelImage ground, DecisionLine line, SpatialChoice place)
    {
        Canvas canvas = new(Nearest(ground, ground.Width, ground.Height));
        for (int i = 0; i < ground.Width * ground.Height; i++)
        {
            (int x, int y) = (i % ground.Width, i / ground.Width);
            bool isActive = place.Shares[CellAt(place, i, ground)] > 0;
            bool isEdge = (x + 1 < ground.Width && isActive != place.Shares[CellAt(place, i + 1, ground)] > 0)
                || (y + 1 < ground.Height && isActive != place.Shares[CellAt(place, i + ground.Width, ground)] > 0);
            Colour pixel = canvas[x, y];
            canvas[x, y] = isEdge ? Colour.Active : isActive ? pixel.Mix(Colour.Active, 0.35f) : pixel.Faded(Shade);
        }

        return new SpatialPanel(canvas.Image, line.Layer, $"{Quantity.Percent(place.MeanShare, 0)}, {line.Text}") { IsMask = true };
    }

    private static SpatialPanel Levels(PixelImage ground, DecisionLine line, SpatialChoice place)
    {
        float[] shares = new float[ground.Width * ground.Height];
        for (int i = 0; i < shares.Length; i++)
        {
            shares[i] = place.Shares[CellAt(place, i, ground)];
        }

        return new SpatialPanel(Heat(ground, shares), line.Layer, line.Text) { IsHeat = true };
    }

    private static PixelImage Heat(PixelImage ground, float[] shares)
    {
        Canvas canvas = new(Nearest(ground, ground.Width, ground.Height));
        for (int i = 0; i < shares.Length; i++)
        {
            (int x, int y) = (i % ground.Width, i / ground.Width);
            canvas[x, y] = canvas[x, y].Faded(1).Mix(Colour.Heat(shares[i]), 0.66f);
        }

        return canvas.Image;
    }

    // What a view gives the network: the box at the number of pixels that it is read as. Beyond the border there is nothing.
    private static SpatialPanel Seen(PixelImage input, PixelImage ground, DecisionLine line, ImageView view, int crop)
    {
        Canvas canvas = Canvas.Filled(ground.Width, ground.Height, Colour.Background);
        (int left, int top, int width, int height) = BoxOf(view, input);
        int right = Math.Clamp(left + width, 1, input.Width);
        int bottom = Math.Clamp(top + height, 1, input.Height);
        left = Math.Clamp(left, 0, right - 1);
        top = Math.Clamp(top, 0, bottom - 1);
        PixelImage part = ImageScaler.Crop(input.ToRgb(), left, top, right - left, bottom - top);
        if (view.Rows > 0 && (view.Rows < part.Height || view.Columns < part.Width))
        {
            part = ImageScaler.Resize(part, Math.Min(view.Columns, part.Width), Math.Min(view.Rows, part.Height));
        }

        double factor = Math.Min((double)ground.Width / part.Width, (double)ground.Height / part.Height);
        PixelImage shown = Nearest(part, Math.Max(1, (int)(part.Width * factor)), Math.Max(1, (int)(part.Height * factor)));
        (int x, int y) = ((ground.Width - shown.Width) / 2, (ground.Height - shown.Height) / 2);
        canvas.Draw(shown, x, y);
        if (crop >= 0)
        {
            canvas.Frame(x, y, shown.Width, shown.Height, Colour.Series(crop), 2);
        }

        string title = crop >= 0 ? string.Create(CultureInfo.InvariantCulture, $"crop {crop + 1}: {line.Layer}") : line.Layer;
        string size = view.Rows > 0 ? "seen as " + Size(view.Rows, view.Columns) : Size(part.Height, part.Width);
        return new SpatialPanel(canvas.Image, title, size);
    }

    private static (int Left, int Top, int Width, int Height) BoxOf(in ImageView view, PixelImage image)
    {
        int left = (int)MathF.Round(view.Left * image.Width);
        int top = (int)MathF.Round(view.Top * image.Height);
        return (left, top, (int)MathF.Round((view.Left + view.Width) * image.Width) - left, (int)MathF.Round((view.Top + view.Height) * image.Height) - top);
    }

    private static bool IsWithin(List<ImageView> views, float x, float y)
    {
        foreach (ImageView view in views)
        {
            if (x >= view.Left && x < view.Left + view.Width && y >= view.Top && y < view.Top + view.Height)
            {
                return true;
            }
        }

        return false;
    }

    private static int CellAt(SpatialChoice place, int pixel, PixelImage ground)
    {
        int y = (int)((long)(pixel / ground.Width) * place.Height / ground.Height);
        int x = (int)((long)(pixel % ground.Width) * place.Width / ground.Width);
        return (y * place.Width) + x;
    }
}
