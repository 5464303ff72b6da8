using System;
using System.Collections.Generic;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Heatmaps;

/// <summary>Puts panels side by side into one picture, each with its caption, under a head and over a key to the colours.</summary>
public static class HeatmapSheet
{
    private const int Gap = 14;
    private const int CaptionHeight = 30;
    private const int HeadHeight = 34;
    private const int KeyHeight = 30;
    private const int LeastPanel = 120;
    private const int LeastWidth = 520;
    private const int ScaleWidth = 120;

    /// <summary>Draws the sheet.</summary>
    /// <param name="panels">At least one.</param>
    /// <param name="title">What was asked: the name of the input.</param>
    /// <param name="answer">What was answered, at what cost.</param>
    public static PixelImage Compose(IReadOnlyList<SpatialPanel> panels, string title, string answer)
    {
        ArgumentNullException.ThrowIfNull(panels);
        ArgumentNullException.ThrowIfNull(title);
        ArgumentNullException.ThrowIfNull(answer);
        int panelWidth = Math.Max(LeastPanel, panels[0].Image.Width);
        int panelHeight = panels[0].Image.Height;
        int columns = ColumnsFor(panels.Count);
        int rows = (panels.Count + columns - 1) / columns;
        int width = Math.Max(LeastWidth, Gap + (columns * (panelWidth + Gap)));
        int height = HeadHeight + Gap + (rows * (panelHeight + CaptionHeight)) + KeyHeight;
        Canvas canvas = Canvas.Filled(width, height, Colour.Background);
        int letters = (width - (2 * Gap)) / PixelFont.Advance;
        canvas.Write(PixelFont.Fit(title, letters), Gap, 10, Colour.Text);
        canvas.Write(PixelFont.Cut(answer, letters), Gap, 24, Colour.Muted);
        for (int i = 0; i < panels.Count; i++)
        {
            int left = Gap + (i % columns * (panelWidth + Gap));
            int top = HeadHeight + Gap + (i / columns * (panelHeight + CaptionHeight));
            canvas.Draw(panels[i].Image, left, top);
            int room = panelWidth / PixelFont.Advance;
            canvas.Write(PixelFont.Fit(panels[i].Title, room), left, top + panelHeight + 4, Colour.Text);
            canvas.Write(PixelFont.Cut(panels[i].Detail, room), left, top + panelHeight + 15, Colour.Muted);
        }

        DrawKey(canvas, panels, height - KeyHeight + 8);
        return canvas.Image;
    }

    // Up to four side by side, in full rows where that is possible.
    private static int ColumnsFor(int count) => count switch
    {
        <= 4 => count,
        5 or 6 or 9 => 3,
        _ => 4,
    };

    private static void DrawKey(Canvas canvas, IReadOnlyList<SpatialPanel> panels, int top)
    {
        int left = Gap;
        bool hasMask = false;
        bool hasHeat = false;
        foreach (SpatialPanel panel in panels)
        {
            hasMask |= panel.IsMask;
            hasHeat |= panel.IsHeat;
        }

        if (hasHeat)
        {
            canvas.Write("0 %", left, top + 1, Colour.Muted);
            left += 4 * PixelFont.Advance;
            for (int x = 0; x < ScaleWidth; x++)
            {
                canvas.Fill(left + x, top, 1, 9, Colour.Heat((float)x / (ScaleWidth - 1)));
            }

            left += ScaleWidth + PixelFont.Advance;
            const string Most = "100 % of the dense network";
            canvas.Write(Most, left, top + 1, Colour.Muted);
            left += (Most.Length + 3) * PixelFont.Advance;
        }

        if (hasMask)
        {
            left = Swatch(canvas, left, top, Colour.Active.Mix(new Colour(128, 128, 128), 0.3f), "computed");
            Swatch(canvas, left, top, new Colour(128, 128, 128).Faded(0.62f), "left out");
        }
    }

    private static int Swatch(Canvas canvas, int left, int top, Colour colour, string text)
    {
        canvas.Fill(left, top, 9, 9, colour);
        canvas.Write(text, left + 14, top + 1, Colour.Muted);
        return left + 14 + ((text.Length + 3) * PixelFont.Advance);
    }
}
