using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Kernels.Gathering;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.Kernels.MatrixMultiply;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Gathering;

public sealed class ChannelMoveTests
{
    [Property(MaxTest = 300, EndSize = 1000000)]
    public void AnyChannelsOfAnyRowsMoveAsElementByElement(int seed)
    {
        var random = new ConvolutionCases.Numbers(seed + 3);
        int width = random.Next(1, 70);
        int rows = random.Next(40);
        int tenths = random.Next(11);
        List<int> listed = [];
        for (int i = 0; i < width; i++)
        {
            if (random.Next(10) < tenths)
            {
                listed.Add(i);
            }
        }

        if (random.Next(4) == 0)
        {
            listed.Reverse();
        }

        Matches(width, rows, listed.ToArray(), seed);
    }

    [Fact]
    public void VeryWideRowsMoveToo() => Matches(5000, 20, [0, 7, 8, 4095, 4999], 1);

    [Fact]
    public void RowsThatDoNotFitAreRefused()
    {
        Assert.Throws<ArgumentException>(() => ChannelMove.Gather(new float[10], 5, [1], new float[3], add: false));
        Assert.Throws<ArgumentException>(() => ChannelMove.Scatter(new float[2], [1], new float[11], 5, add: true));
    }

    private static void Matches(int width, int rows, int[] channels, int seed)
    {
        float[] full = ConvolutionCases.Values(rows * width, seed);
        float[] compact = ConvolutionCases.Values(rows * channels.Length, seed + 1);
        foreach (bool add in (bool[])[false, true])
        {
            float[] gathered = add ? (float[])compact.Clone() : new float[compact.Length];
            ChannelMove.Reference(full, width, channels, gathered.AsSpan(), rows, scatter: false);
            float[] found = Start(compact, add);
            ChannelMove.Gather(full, width, channels, found, add);
            MultiplyCases.Identical(gathered, found, $"seed {seed}: {rows} rows of {width}, gathered, {add}");

            float[] scattered = add ? (float[])full.Clone() : new float[full.Length];
            ChannelMove.Reference(compact, width, channels, scattered.AsSpan(), rows, scatter: true);
            found = Start(full, add);
            ChannelMove.Scatter(compact, channels, found, width, add);
            MultiplyCases.Identical(scattered, found, $"seed {seed}: {rows} rows of {width}, scattered, {add}");
        }
    }

    // What is not added to is overwritten, whatever it was.
    private static float[] Start(float[] values, bool add)
    {
        float[] start = (float[])values.Clone();
        if (!add)
        {
            Array.Fill(start, float.NaN);
        }

        return start;
    }
}
