using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Selections;

public sealed class WindowSelectionsTests
{
    [Theory]
    [InlineData(7, 5, 3, 2)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(4, 9, 4, 9)]
    [InlineData(6, 6, 1, 6)]
    public void A_window_is_its_pixels_in_order(int height, int width, int windowHeight, int windowWidth)
    {
        Workspace workspace = new();
        int[] tops = [0, height - windowHeight, (height - windowHeight) / 2];
        int[] lefts = [width - windowWidth, 0, (width - windowWidth) / 2];
        Selection selection = workspace.SelectWindows(height, width, tops, lefts, windowHeight, windowWidth);
        Assert.Equal(height * width, selection.Universe);
        for (int row = 0; row < tops.Length; row++)
        {
            List<int> expected = [];
            for (int index = 0; index < height * width; index++)
            {
                bool isWithin = index / width >= tops[row] && index / width < tops[row] + windowHeight && index % width >= lefts[row] && index % width < lefts[row] + windowWidth;
                if (isWithin)
                {
                    expected.Add(index);
                }
            }

            Assert.Equal(expected, selection.Row(row).ToArray());
        }
    }

    [Fact]
    public void A_window_beyond_the_image_is_refused()
    {
        Workspace workspace = new();
        Assert.Throws<ArgumentException>(() => workspace.SelectWindows(5, 5, [3], [0], 3, 3));
        Assert.Throws<ArgumentException>(() => workspace.SelectWindows(5, 5, [0], [-1], 3, 3));
        Assert.Throws<ArgumentException>(() => workspace.SelectWindows(5, 5, [0, 1], [0], 3, 3));
    }
}
