using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Selections;

/// <summary>Blocks of pixels, and what a change of pixels reaches, against plain loops.</summary>
public class PixelSpreadTests
{
    [Theory]
    [InlineData(8, 8, 4)]
    [InlineData(7, 10, 4)]
    [InlineData(5, 3, 2)]
    [InlineData(9, 9, 8)]
    [InlineData(1, 1, 2)]
    [InlineData(6, 6, 1)]
    public void Blocks_hold_their_pixels_and_coarsening_takes_them_back(int height, int width, int factor)
    {
        Workspace workspace = new();
        int down = (height + factor - 1) / factor;
        int across = (width + factor - 1) / factor;
        Random random = new(height + width);
        bool[] mask = new bool[2 * down * across];
        for (int i = 0; i < mask.Length; i++)
        {
            mask[i] = random.Next(2) == 0;
        }

        Selection blocks = workspace.SelectMask(2, down * across, mask);
        Selection pixels = workspace.RefinePixels(blocks, height, width, factor);
        for (int row = 0; row < 2; row++)
        {
            List<int> expected = [];
            for (int i = 0; i < height * width; i++)
            {
                if (mask[(row * down * across) + (i / width / factor * across) + (i % width / factor)])
                {
                    expected.Add(i);
                }
            }

            Assert.Equal(expected, pixels.Row(row).ToArray());
        }

        Assert.Equal(blocks.Indices.ToArray(), workspace.CoarsenPixels(pixels, height, width, factor).Indices.ToArray());
        Assert.True(workspace.RefinePixels(Selection.All(1, down * across), height, width, factor).IsAll);
        Assert.Throws<ArgumentException>(() => workspace.RefinePixels(Selection.All(1, (down * across) + 1), height, width, factor));
    }

    [Theory]
    [InlineData(8, 9, 3, 1, 1, 1)]
    [InlineData(8, 9, 3, 2, 1, 1)]
    [InlineData(11, 7, 7, 2, 3, 1)]
    [InlineData(9, 9, 3, 1, 2, 2)]
    [InlineData(6, 5, 1, 1, 0, 1)]
    [InlineData(9, 8, 1, 2, 0, 1)]
    [InlineData(9, 8, 2, 3, 0, 1)]
    public void A_change_reaches_each_output_whose_window_holds_it(int height, int width, int kernel, int stride, int padding, int dilation)
    {
        Workspace workspace = new();
        int span = ((kernel - 1) * dilation) + 1;
        int outHeight = ((height + (2 * padding) - span) / stride) + 1;
        int outWidth = ((width + (2 * padding) - span) / stride) + 1;
        for (int pixel = 0; pixel < height * width; pixel++)
        {
            List<int> expected = [];
            for (int o = 0; o < outHeight * outWidth; o++)
            {
                int dy = (pixel / width) - ((o / outWidth * stride) - padding);
                int dx = (pixel % width) - ((o % outWidth * stride) - padding);
                if (dy >= 0 && dx >= 0 && dy < span && dx < span && dy % dilation == 0 && dx % dilation == 0)
                {
                    expected.Add(o);
                }
            }

            Selection changed = workspace.Select(height * width, [pixel]);
            Assert.Equal(expected, workspace.ReachPixels(changed, height, width, outHeight, outWidth, kernel, stride, padding, dilation).Row(0).ToArray());
        }

        Assert.True(workspace.ReachPixels(Selection.All(1, height * width), height, width, outHeight, outWidth, kernel, stride, padding, dilation).IsAll);
    }
}
