using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Selections;
using Xunit;

namespace ManagedDyn.Tests.Selections;

/// <summary>Selections as plain sets, for naive code to work on.</summary>
internal static class SelectionCases
{
    /// <summary>Random rows and universes, also empty ones, with few, half or nearly all entries set.</summary>
    public static bool[][] Random(int seed, out int universe, int rows = -1, int size = -1)
    {
        var random = new Random(seed);
        rows = rows < 0 ? random.Next(5) : rows;
        universe = size < 0 ? random.Next(4) == 0 ? random.Next(3) * 64 : random.Next(200) : size;
        double share = random.Next(4) switch { 0 => 0.03, 1 => 0.5, 2 => 0.98, _ => 1.0 };
        bool[][] mask = new bool[rows][];
        for (int row = 0; row < rows; row++)
        {
            mask[row] = new bool[universe];
            for (int i = 0; i < universe; i++)
            {
                mask[row][i] = random.NextDouble() < share;
            }
        }

        return mask;
    }

    public static T[] Flat<T>(T[][] rows)
    {
        List<T> flat = [];
        foreach (T[] row in rows)
        {
            flat.AddRange(row);
        }

        return [.. flat];
    }

    public static void Equal(bool[][] expected, int universe, Selection found)
    {
        Assert.Equal(expected.Length, found.Rows);
        Assert.Equal(universe, found.Universe);
        int count = 0;
        for (int row = 0; row < expected.Length; row++)
        {
            List<int> list = [];
            for (int i = 0; i < universe; i++)
            {
                if (expected[row][i])
                {
                    list.Add(i);
                }
            }

            count += list.Count;
            Assert.Equal(list.Count, found.RowCount(row));
            Assert.Equal(list.ToArray(), found.IsAll ? All(universe) : found.Row(row).ToArray());
        }

        Assert.Equal(count, found.Count);
    }

    public static bool[][] Each(bool[][] left, bool[][] right, Func<bool, bool, bool> rule)
    {
        bool[][] result = new bool[left.Length][];
        for (int row = 0; row < left.Length; row++)
        {
            result[row] = new bool[left[row].Length];
            for (int i = 0; i < left[row].Length; i++)
            {
                result[row][i] = rule(left[row][i], right[row][i]);
            }
        }

        return result;
    }

    private static int[] All(int universe)
    {
        int[] all = new int[universe];
        for (int i = 0; i < universe; i++)
        {
            all[i] = i;
        }

        return all;
    }
}
