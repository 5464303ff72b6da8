using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Kernels.Gathering;
using Xunit;

namespace ManagedDyn.Tests.Kernels.Gathering;

/// <summary>The comparison of rows against a plain loop.</summary>
public class ChangedRowsTests
{
    public static TheoryData<int, int, float> Sizes() => new()
    {
        { 0, 3, 0f }, { 1, 1, 0f }, { 7, 1, 0f }, { 40, 3, 0f }, { 9, 8, 0f }, { 9, 17, 0f }, { 1, 1, 0.5f }, { 40, 3, 0.5f }, { 13, 8, 0.5f }, { 9, 23, 0.5f },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Changed_rows_are_listed_and_taken_over(int rows, int width, float threshold)
    {
        Random random = new(rows + width);
        for (int run = 0; run < 20; run++)
        {
            float[] kept = Values(random, rows * width);
            float[] current = (float[])kept.Clone();
            for (int change = 0; change < run && current.Length > 0; change++)
            {
                current[random.Next(current.Length)] += (random.NextSingle() * 2) - 1;
            }

            List<int> expected = [];
            float[] result = (float[])kept.Clone();
            for (int row = 0; row < rows; row++)
            {
                ReadOnlySpan<float> own = current.AsSpan(row * width, width);
                if (ChangedRows.FirstChangeReference(own, kept.AsSpan(row * width, width), threshold) < width)
                {
                    expected.Add(row);
                    own.CopyTo(result.AsSpan(row * width, width));
                }
            }

            int[] changed = new int[rows];
            float[] whole = (float[])kept.Clone();
            int count = ChangedRows.Update(current, width, threshold, whole, changed);
            Assert.Equal(expected, changed[..count]);
            Assert.Equal(result, whole);

            int[] listed = expected.ToArray();
            float[] some = new float[listed.Length * width];
            for (int i = 0; i < listed.Length; i++)
            {
                current.AsSpan(listed[i] * width, width).CopyTo(some.AsSpan(i * width));
            }

            float[] part = (float[])kept.Clone();
            Assert.Equal(listed.Length, ChangedRows.Update(some, width, listed, threshold, part, changed));
            Assert.Equal(result, part);
            Assert.Equal(0, ChangedRows.Update(some, width, listed, threshold, part, changed));
        }
    }

    [Fact]
    public void Signs_of_zero_and_what_is_no_number_count_by_their_bits_or_always()
    {
        int[] changed = new int[3];
        Assert.Equal(1, ChangedRows.Update([0f, float.NaN, 1f], 1, 0, [-0f, float.NaN, 1f], changed));
        Assert.Equal(0, changed[0]);
        Assert.Equal(1, ChangedRows.Update([0f, float.NaN, 1f], 1, 0.1f, [-0f, float.NaN, 1f], changed));
        Assert.Equal(1, changed[0]);
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        Assert.Throws<ArgumentException>(() => ChangedRows.Update(new float[4], 3, 0, new float[4], new int[4]));
        Assert.Throws<ArgumentException>(() => ChangedRows.Update(new float[4], 2, 0, new float[2], new int[4]));
        Assert.Throws<ArgumentException>(() => ChangedRows.Update(new float[4], 2, float.NaN, new float[4], new int[2]));
        Assert.Throws<ArgumentException>(() => ChangedRows.Update(new float[4], 2, [0], 0, new float[4], new int[2]));
    }

    private static float[] Values(Random random, int count)
    {
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan())
        {
            value = random.NextSingle();
        }

        return values;
    }
}
