using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Convolution;

/// <summary>Geometries and numbers for convolution tests: edge shapes by hand, and random ones by seed.</summary>
internal static class ConvolutionCases
{
    public static IEnumerable<(ConvolutionGeometry Geometry, int Batch)> Edges()
    {
        yield return (new ConvolutionGeometry(1, 1, 1, 1, 1, 1), 1);
        yield return (new ConvolutionGeometry(1, 16, 3, 3, 28, 28, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1), 2);
        yield return (new ConvolutionGeometry(3, 20, 7, 7, 23, 19, 2, 2, 3, 3, 3, 3), 2);
        yield return (new ConvolutionGeometry(2, 3, 1, 1, 5, 5), 3);
        yield return (new ConvolutionGeometry(4, 17, 3, 3, 7, 7, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1), 5);
        yield return (new ConvolutionGeometry(5, 16, 3, 2, 12, 12, padTop: 2, padLeft: 0, padBottom: 1, padRight: 1), 2);
        yield return (new ConvolutionGeometry(7, 33, 3, 3, 9, 13, 2, 1, 1, 1, 1, 1, 1, 2), 1);
        yield return (new ConvolutionGeometry(8, 16, 1, 1, 14, 14, 2, 2), 4);
        yield return (new ConvolutionGeometry(9, 8, 2, 2, 2, 2), 40);
        yield return (new ConvolutionGeometry(10, 15, 5, 5, 3, 3, 1, 1, 4, 4, 4, 4), 2);
        yield return (new ConvolutionGeometry(11, 5, 3, 3, 8, 8, 3, 3, 1, 1, 1, 1, 3, 3), 2);
        yield return (new ConvolutionGeometry(12, 24, 3, 3, 16, 16, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1, groups: 3), 2);
        yield return (new ConvolutionGeometry(13, 13, 3, 3, 6, 6, groups: 13, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1), 2);
        yield return (new ConvolutionGeometry(6, 12, 3, 3, 6, 6, groups: 6), 2);
        yield return (new ConvolutionGeometry(40, 40, 3, 3, 40, 40, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1), 1);
        yield return (new ConvolutionGeometry(64, 10, 1, 1, 1, 1), 300);
        yield return (new ConvolutionGeometry(6, 7, 2, 2, 3, 4, padTop: 1 << 20, dilationHeight: 1 << 20), 2);
    }

    public static (ConvolutionGeometry Geometry, int Batch) Random(int seed)
    {
        var random = new Numbers(seed);
        int groups = random.Next(4) == 0 ? random.Next(1, 4) : 1;
        int kernelHeight = random.Next(1, 5), kernelWidth = random.Next(1, 5);
        int dilationHeight = random.Next(1, 3), dilationWidth = random.Next(1, 3);
        int padTop = random.Next(3), padLeft = random.Next(3), padBottom = random.Next(3), padRight = random.Next(3);
        int leastHeight = Math.Max(1, ((kernelHeight - 1) * dilationHeight) + 1 - padTop - padBottom);
        int leastWidth = Math.Max(1, ((kernelWidth - 1) * dilationWidth) + 1 - padLeft - padRight);
        var geometry = new ConvolutionGeometry(
            groups * random.Next(1, 20), groups * random.Next(1, 40), kernelHeight, kernelWidth,
            leastHeight + random.Next(14), leastWidth + random.Next(14), random.Next(1, 4), random.Next(1, 4),
            padTop, padLeft, padBottom, padRight, dilationHeight, dilationWidth, groups);
        return (geometry, random.Next(1, 5));
    }

    /// <summary>A random depthwise geometry: groups = channels.</summary>
    public static (ConvolutionGeometry Geometry, int Batch) RandomDepthwise(int seed)
    {
        (ConvolutionGeometry g, int batch) = Random(seed);
        var random = new Numbers(seed + 77);
        int channels = random.Next(1, 40);
        int more = random.Next(3) == 0 ? random.Next(30 * g.StrideWidth, 60 * g.StrideWidth) : 0;
        return (new ConvolutionGeometry(
            channels, channels, g.KernelHeight, g.KernelWidth, g.InHeight, g.InWidth + more, g.StrideHeight, g.StrideWidth,
            g.PadTop, g.PadLeft, g.PadBottom, g.PadRight, g.DilationHeight, g.DilationWidth, channels), batch);
    }

    public static float[] Values(int count, int seed)
    {
        var random = new Numbers(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextFloat();
        }
        return values;
    }

    public static double[] Doubles(ReadOnlySpan<float> values)
    {
        var doubles = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            doubles[i] = values[i];
        }
        return doubles;
    }

    /// <summary>Selects each output pixel with the given chance, in tenths.</summary>
    public static Selection Select(Workspace workspace, in ConvolutionGeometry geometry, int batch, int tenths, int seed)
    {
        var random = new Numbers(seed);
        var offsets = new int[batch + 1];
        var indices = new List<int>();
        for (int sample = 0; sample < batch; sample++)
        {
            for (int pixel = 0; pixel < geometry.OutPixels; pixel++)
            {
                if (random.Next(10) < tenths)
                {
                    indices.Add(pixel);
                }
            }
            offsets[sample + 1] = indices.Count;
        }
        return workspace.Select(geometry.OutPixels, offsets, indices.ToArray());
    }

    /// <summary>Rows of selected pixels, counted over the batch.</summary>
    public static int[] Rows(in ConvolutionGeometry geometry, int batch, Selection selection)
    {
        var rows = new List<int>();
        for (int sample = 0; sample < batch; sample++)
        {
            foreach (int pixel in selection.Row(sample))
            {
                rows.Add((sample * geometry.OutPixels) + pixel);
            }
        }
        return rows.ToArray();
    }

    /// <summary>A full-width copy with all rows but the given ones zero.</summary>
    public static float[] KeepRows(ReadOnlySpan<float> values, int width, ReadOnlySpan<int> rows)
    {
        var kept = new float[values.Length];
        foreach (int row in rows)
        {
            values.Slice(row * width, width).CopyTo(kept.AsSpan(row * width));
        }
        return kept;
    }

    /// <summary>The given rows one after another.</summary>
    public static float[] GatherRows(ReadOnlySpan<float> values, int width, ReadOnlySpan<int> rows)
    {
        var gathered = new float[rows.Length * width];
        for (int i = 0; i < rows.Length; i++)
        {
            values.Slice(rows[i] * width, width).CopyTo(gathered.AsSpan(i * width));
        }
        return gathered;
    }

    /// <summary>A sum of <paramref name="terms"/> products of numbers below 1 must agree to a rounding error a term.</summary>
    public static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> found, double terms, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        double bound = 1e-7 * (terms + 4);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - found[i]) <= bound))
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: element {i} is {found[i]}, expected {expected[i]} (bound {bound})"));
            }
        }
    }

    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            // Adding products with zero may turn −0 into +0; both are zero to every use.
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(found[i]) && !(expected[i] == 0 && found[i] == 0))
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"{what}: element {i} is {found[i]:R}, expected {expected[i]:R}"));
            }
        }
    }

    /// <summary>A tiny generator (xorshift) so that a seed means the same on every platform.</summary>
    internal sealed class Numbers(int seed)
    {
        private ulong _state = ((ulong)(uint)seed * 0x9E3779B97F4A7C15UL) ^ 0xD1B54A32D192ED03UL;

        public int Next(int below)
        {
            _state ^= _state << 13;
            _state ^= _state >> 7;
            _state ^= _state << 17;
            return (int)((_state >> 33) % (uint)below);
        }

        public int Next(int from, int below) => from + Next(below - from);

        public float NextFloat() => ((Next(1 << 20) / (float)(1 << 20)) * 2) - 1;
    }
}
