using System;
using FsCheck.Xunit;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Selections;

public sealed class SelectionMakingTests
{
    private readonly Workspace _workspace = new();

    [Property]
    public void Masks_and_bits_select_what_they_set(int seed)
    {
        bool[][] mask = SelectionCases.Random(seed, out int universe);
        Selection selection = _workspace.SelectMask(mask.Length, universe, SelectionCases.Flat(mask));
        SelectionCases.Equal(mask, universe, selection);
        bool[] back = new bool[mask.Length * universe];
        back.AsSpan().Fill(true);
        selection.ToMask(back);
        Assert.Equal(SelectionCases.Flat(mask), back);
        ulong[] words = new ulong[mask.Length * MaskSelections.WordCount(universe)];
        words.AsSpan().Fill(ulong.MaxValue);
        selection.ToBits(words);
        SelectionCases.Equal(mask, universe, _workspace.SelectBits(mask.Length, universe, words));
    }

    [Fact]
    public void Every_length_is_compacted()
    {
        for (int universe = 0; universe <= 256; universe++)
        {
            bool[][] mask = SelectionCases.Random(universe, out _, 2, universe);
            SelectionCases.Equal(mask, universe, _workspace.SelectMask(2, universe, SelectionCases.Flat(mask)));
        }
    }

    [Fact]
    public void All_is_written_out()
    {
        Selection all = Selection.All(2, 70);
        bool[] mask = new bool[140];
        all.ToMask(mask);
        Assert.DoesNotContain(false, mask);
        ulong[] words = new ulong[4];
        all.ToBits(words);
        Assert.Equal([ulong.MaxValue, 63UL, ulong.MaxValue, 63UL], words);
    }

    [Property]
    public void Thresholds_select_scores_at_or_above(int seed)
    {
        bool[][] mask = SelectionCases.Random(seed, out int universe);
        var random = new Random(seed);
        float[] scores = new float[mask.Length * universe];
        for (int i = 0; i < scores.Length; i++)
        {
            bool set = mask[i / universe][i % universe];
            scores[i] = set ? random.Next(3) == 0 ? 0.5f : 0.5f + random.NextSingle() : random.Next(9) == 0 ? float.NaN : random.NextSingle() * 0.499f;
        }

        SelectionCases.Equal(mask, universe, _workspace.SelectAtLeast(mask.Length, universe, scores, 0.5f));
    }

    [Property]
    public void Top_takes_the_highest_and_of_equals_the_first(int seed)
    {
        var random = new Random(seed);
        int rows = random.Next(4);
        int universe = 1 + random.Next(300);
        int count = random.Next(universe + 1);
        float[] values = [float.NaN, float.NegativeInfinity, -1f, -0f, 0f, 1e-40f, -1e-40f, 1f, float.PositiveInfinity];
        float[] scores = new float[rows * universe];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = random.Next(2) == 0 ? values[random.Next(values.Length)] : random.NextSingle() - 0.5f;
        }

        bool[][] expected = new bool[rows][];
        for (int row = 0; row < rows; row++)
        {
            expected[row] = new bool[universe];
            for (int taken = 0; taken < count; taken++)
            {
                int best = -1;
                for (int i = 0; i < universe; i++)
                {
                    if (!expected[row][i] && (best < 0 || IsHigher(scores[(row * universe) + i], scores[(row * universe) + best])))
                    {
                        best = i;
                    }
                }

                expected[row][best] = true;
            }
        }

        SelectionCases.Equal(expected, universe, _workspace.SelectTop(rows, universe, scores, count));
    }

    [Theory]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(700)]
    [InlineData(1000)]
    public void Many_highest_scores_are_those_that_sorting_puts_first_and_take_no_memory_of_their_own(int count)
    {
        const int Universe = 1000;
        float[] scores = new float[2 * Universe];
        for (int i = 0; i < scores.Length; i++)
        {
            // Each score four times.
            scores[i] = (i * 389 % 250) - 100;
        }

        bool[][] expected = new bool[2][];
        for (int row = 0; row < 2; row++)
        {
            int[] order = new int[Universe];
            for (int i = 0; i < Universe; i++)
            {
                order[i] = i;
            }

            float[] own = scores.AsSpan(row * Universe, Universe).ToArray();
            Array.Sort(order, (left, right) => own[left] != own[right] ? own[right].CompareTo(own[left]) : left.CompareTo(right));
            expected[row] = new bool[Universe];
            foreach (int index in order.AsSpan(0, count))
            {
                expected[row][index] = true;
            }
        }

        SelectionCases.Equal(expected, Universe, _workspace.SelectTop(2, Universe, scores, count));
        AllocationAssert.None(() =>
        {
            using WorkspaceScope scope = _workspace.Enter();
            _workspace.SelectTop(2, Universe, scores, count);
        });
    }

    [Property]
    public void Sets_combine_as_sets_do(int seed)
    {
        bool[][] a = SelectionCases.Random(seed, out int universe);
        bool[][] b = SelectionCases.Random(seed ^ 0x5555, out _, a.Length, universe);
        Selection left = Make(a, universe);
        Selection right = Make(b, universe);
        SelectionCases.Equal(SelectionCases.Each(a, a, (x, _) => !x), universe, _workspace.Complement(left));
        SelectionCases.Equal(SelectionCases.Each(a, b, (x, y) => x || y), universe, _workspace.Union(left, right));
        SelectionCases.Equal(SelectionCases.Each(a, b, (x, y) => x && y), universe, _workspace.Intersect(left, right));
        SelectionCases.Equal(SelectionCases.Each(a, b, (x, y) => x && !y), universe, _workspace.Except(left, right));
        Selection all = Selection.All(a.Length, universe);
        SelectionCases.Equal(a, universe, _workspace.Intersect(all, left));
        SelectionCases.Equal(a, universe, _workspace.Intersect(left, all));
        SelectionCases.Equal(SelectionCases.Each(a, a, (x, _) => !x), universe, _workspace.Except(all, left));
        Assert.Equal(0, _workspace.Except(left, all).Count);
        Assert.True(_workspace.Union(left, all).IsAll);
        Assert.Equal(0, _workspace.Complement(all).Count);
        Assert.Equal(all.Count, _workspace.Expand(all).Indices.Length);
    }

    [Property]
    public void A_selection_within_a_selection_is_one(int seed)
    {
        bool[][] outer = SelectionCases.Random(seed, out int universe, 1);
        Selection first = Make(outer, universe);
        bool[][] inner = SelectionCases.Random(seed + 1, out _, 1, first.Count);
        bool[][] expected = [new bool[universe]];
        for (int i = 0; i < first.Count; i++)
        {
            expected[0][first.Indices[i]] = inner[0][i];
        }

        SelectionCases.Equal(expected, universe, _workspace.Compose(first, Make(inner, first.Count)));
        Assert.Equal(first.Count, _workspace.Compose(first, Selection.All(1, first.Count)).Count);
    }

    [Property]
    public void Rows_of_a_selection_are_taken(int seed)
    {
        bool[][] mask = SelectionCases.Random(seed, out int universe);
        bool[][] keep = SelectionCases.Random(seed + 1, out _, 1, mask.Length);
        bool[][] expected = Array.FindAll(mask, row => keep[0][Array.IndexOf(mask, row)]);
        Selection rows = Make(keep, mask.Length);
        SelectionCases.Equal(expected, universe, _workspace.TakeRows(Make(mask, universe), rows));
        Assert.Equal(expected.Length * universe, _workspace.TakeRows(Selection.All(mask.Length, universe), rows).Count);
    }

    [Property]
    public void Pixels_read_by_a_convolution_are_found(int seed)
    {
        var random = new Random(seed);
        int height = 1 + random.Next(12), width = 1 + random.Next(12), kernel = 1 + random.Next(5), stride = 1 + random.Next(3), dilation = 1 + random.Next(2);
        int padding = random.Next(1 + (kernel / 2));
        int reach = (kernel - 1) * dilation;
        int outputHeight = Math.Max(0, ((height + (2 * padding) - reach - 1) / stride) + 1), outputWidth = Math.Max(0, ((width + (2 * padding) - reach - 1) / stride) + 1);
        bool[][] mask = SelectionCases.Random(seed, out int universe, 2, outputHeight * outputWidth);
        bool[][] expected = [new bool[height * width], new bool[height * width]];
        for (int row = 0; row < 2; row++)
        {
            for (int i = 0; i < universe; i++)
            {
                for (int tap = 0; tap < kernel * kernel && mask[row][i]; tap++)
                {
                    int y = (i / outputWidth * stride) - padding + (tap / kernel * dilation), x = (i % outputWidth * stride) - padding + (tap % kernel * dilation);
                    if (y >= 0 && y < height && x >= 0 && x < width)
                    {
                        expected[row][(y * width) + x] = true;
                    }
                }
            }
        }

        Selection found = _workspace.DilatePixels(Make(mask, universe), height, width, outputHeight, outputWidth, kernel, stride, padding, dilation);
        SelectionCases.Equal(expected, height * width, found);
    }

    [Property]
    public void Coarse_pixels_cover_fine_ones(int seed)
    {
        var random = new Random(seed);
        int height = 1 + random.Next(12), width = 1 + random.Next(12), factor = 1 + random.Next(4);
        int coarseHeight = (height + factor - 1) / factor, coarseWidth = (width + factor - 1) / factor;
        bool[][] mask = SelectionCases.Random(seed, out _, 2, height * width);
        bool[][] expected = [new bool[coarseHeight * coarseWidth], new bool[coarseHeight * coarseWidth]];
        for (int i = 0; i < 2 * height * width; i++)
        {
            int row = i / (height * width), pixel = i % (height * width);
            expected[row][(pixel / width / factor * coarseWidth) + (pixel % width / factor)] |= mask[row][pixel];
        }

        SelectionCases.Equal(expected, coarseHeight * coarseWidth, _workspace.CoarsenPixels(Make(mask, height * width), height, width, factor));
        Assert.True(_workspace.CoarsenPixels(Selection.All(2, height * width), height, width, factor).IsAll);
    }

    [Fact]
    public void Wrong_requests_are_refused()
    {
        Assert.Throws<ArgumentException>(() => _workspace.SelectMask(2, 3, new bool[5]));
        Assert.Throws<ArgumentException>(() => _workspace.SelectBits(1, 3, [8UL]));
        Assert.Throws<ArgumentException>(() => _workspace.SelectBits(1, 65, [0UL]));
        Assert.Throws<ArgumentException>(() => _workspace.SelectAtLeast(1, 3, new float[4], 0));
        Assert.Throws<ArgumentException>(() => _workspace.SelectTop(1, 3, new float[3], 4));
        Assert.Throws<ArgumentException>(() => _workspace.Union(Selection.All(1, 3), Selection.All(1, 4)));
        Assert.Throws<ArgumentException>(() => _workspace.Compose(Selection.All(1, 3), Selection.All(1, 4)));
        Assert.Throws<ArgumentException>(() => _workspace.TakeRows(Selection.All(2, 3), Selection.All(1, 3)));
        Assert.Throws<ArgumentException>(() => _workspace.DilatePixels(Selection.All(2, 3), 2, 2, 2, 2));
        Assert.Throws<ArgumentException>(() => Selection.All(1, 4).ToMask(new bool[3]));
    }

    private static bool IsHigher(float a, float b) => float.IsNaN(b) ? !float.IsNaN(a) : a > b;

    private Selection Make(bool[][] mask, int universe) => _workspace.SelectMask(mask.Length, universe, SelectionCases.Flat(mask));
}
