using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>Blocks whose branch runs on some pixels, against the same blocks run whole.</summary>
public class SparseResidualBlockTests
{
    private const int Samples = 9;

    // Input and output channels, stride, inner channels, rows, columns: within and beyond what fits tiles and vectors.
    public static TheoryData<int, int, int, int, int, int> Sizes() => new()
    {
        { 8, 8, 1, 0, 9, 7 },
        { 16, 16, 1, 0, 16, 20 },
        { 5, 5, 1, 3, 8, 11 },
        { 32, 32, 1, 16, 12, 12 },
        { 6, 12, 2, 0, 11, 8 },
        { 12, 20, 2, 5, 9, 9 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Active_pixels_have_the_bits_of_the_dense_block_and_the_others_are_the_shortcut(int ins, int outs, int stride, int inner, int height, int width)
    {
        Tensor input = Input(ins, height, width);
        int outHeight = (height + stride - 1) / stride;
        int outWidth = (width + stride - 1) / stride;
        bool[] masks = Masks.PerSample(Samples, outHeight, outWidth);
        foreach (bool isFrozen in new[] { false, true })
        {
            float[] dense = Run(ins, outs, stride, inner, input, Filled(masks.Length, true), Accuracy.Exact, isFrozen);
            float[] none = Run(ins, outs, stride, inner, input, Filled(masks.Length, false), Accuracy.Exact, isFrozen);
            float[] sparse = Run(ins, outs, stride, inner, input, masks, Accuracy.Exact, isFrozen);
            for (int pixel = 0; pixel < masks.Length; pixel++)
            {
                float[] expected = masks[pixel] ? dense : none;
                GradientCheck.SameBits(
                    expected.AsSpan(pixel * outs, outs), sparse.AsSpan(pixel * outs, outs), $"frozen {isFrozen}, pixel {pixel}, active {masks[pixel]}");
            }

            // Sample by sample, and with the arithmetic that is fast.
            float[] fast = Run(ins, outs, stride, inner, input, masks, Accuracy.Fast, isFrozen);
            GradientCheck.Near(Array.ConvertAll(sparse, value => (double)value), fast, 1e-4, $"fast, frozen {isFrozen}");
        }
    }

    [Theory]
    [InlineData(16, 16, 1, 0, 25, 26)]
    [InlineData(24, 32, 2, 0, 26, 25)]
    [InlineData(32, 32, 1, 16, 13, 13)]
    [InlineData(12, 20, 2, 5, 19, 22)]
    public void Blocks_of_the_size_of_tiles_read_nothing_that_was_not_computed(int ins, int outs, int stride, int inner, int height, int width)
    {
        int outHeight = (height + stride - 1) / stride;
        int outWidth = (width + stride - 1) / stride;
        int down = (outHeight + 3) / 4;
        int across = (outWidth + 3) / 4;
        SparseResidualBlock block = Block(ins, outs, stride, inner, outHeight, outWidth, Filled(Samples * outHeight * outWidth, true));
        block.Freeze(Limits.Default);
        Tensor input = Input(ins, height, width);
        bool[] masks = Masks.PerSample(Samples, down, across);
        foreach (Accuracy accuracy in new[] { Accuracy.Exact, Accuracy.Fast })
        {
            Context context = new() { Accuracy = accuracy };
            float[][] answers = new float[2][];
            for (int i = 0; i < answers.Length; i++)
            {
                // What the workspace gives next is full of numbers that no sum may take up.
                using WorkspaceScope scope = context.Workspace.Enter();
                foreach (int channels in new[] { inner == 0 ? outs : inner, outs })
                {
                    Poison(context, new Shape(Samples, height, width, channels));
                    Poison(context, new Shape(Samples, outHeight, outWidth, channels));
                }

                Selection blocks = context.Workspace.SelectAtLeast(Samples, down * across, Array.ConvertAll(masks, isActive => isActive ? 1f : 0f), 0.5f);
                Selection pixels = context.Workspace.RefinePixels(blocks, outHeight, outWidth, 4);
                answers[i] = block.Forward(context, new Decision(pixels, default, Granularity: i == 0 ? 1 : 4), input).ToArray();
            }

            GradientCheck.SameBits(answers[0], answers[1], $"{accuracy}");
            Assert.DoesNotContain(answers[1], float.IsNaN);
        }
    }

    [Fact]
    public void Where_nothing_is_selected_a_block_costs_nothing_of_what_the_dense_one_does()
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            SparseResidualBlock block = Block(8, 8, 1, 0, 9, 10, Filled(Samples * 90, false));
            if (isFrozen)
            {
                block.Freeze(Limits.Default);
            }

            ComputeMeter meter = new();
            meter.Begin(Samples);
            _ = block.Forward(new Context { Meter = meter }, Input(8, 9, 10));
            for (int sample = 0; sample < Samples; sample++)
            {
                Assert.Equal(0, meter.ExecutedMacs(sample));
                Assert.Equal(2 * 90 * 8 * 8 * 9, meter.DenseMacs(sample));
            }
        }
    }

    [Fact]
    public void Blocks_without_a_granularity_are_taken_for_single_pixels()
    {
        SparseResidualBlock block = Block(16, 16, 1, 0, 24, 24, Filled(Samples * 576, true));
        block.Freeze(Limits.Default);
        bool[] masks = Masks.PerSample(Samples, 24, 24);
        Context context = new();
        using WorkspaceScope scope = context.Workspace.Enter();
        Poison(context, new Shape(Samples, 24, 24, 16));
        Selection pixels = context.Workspace.SelectAtLeast(Samples, 576, Array.ConvertAll(masks, isActive => isActive ? 1f : 0f), 0.5f);
        Tensor output = block.Forward(context, new Decision { Selected = pixels }, Input(16, 24, 24));
        Assert.DoesNotContain(output.ToArray(), float.IsNaN);
    }

    [Fact]
    public void A_block_that_owns_its_input_writes_over_it_with_the_same_bits()
    {
        const int Channels = 16;
        bool[] masks = Masks.PerSample(Samples, 10, 12);
        SparseResidualBlock block = Block(Channels, Channels, 1, 0, 10, 12, masks);
        block.Freeze(Limits.Default);
        Tensor input = Input(Channels, 10, 12);
        foreach (ref float value in input.Span)
        {
            value = MathF.Max(0, value);
        }

        Context context = new();
        float[] expected = block.Forward(context, input).ToArray();
        Tensor owned = context.Workspace.RentCopy(input.Shape, input.Span);
        Tensor output = block.ForwardOwned(context, owned);
        Assert.True(output.SharesMemoryWith(owned));
        GradientCheck.SameBits(expected, output.ToArray(), "in place");
    }

    [Fact]
    public void The_relaxed_form_with_a_hard_mask_is_the_one_that_skips()
    {
        bool[] masks = Masks.PerSample(Samples, 8, 9);
        SparseResidualBlock block = Block(6, 6, 1, 4, 8, 9, masks);
        Tensor input = Input(6, 8, 9);
        float[] hard = block.Forward(new Context { Accuracy = Accuracy.Exact }, input).ToArray();
        float[] relaxed = block.Forward(new Context { Accuracy = Accuracy.Exact, Decisions = Engine.Execution.Decisions.Relaxed }, input).ToArray();
        Assert.Equal(hard, relaxed);
    }

    [Fact]
    public void Cost_is_that_of_the_mask_and_of_its_dilation()
    {
        bool[] mask = Masks.Make("single", 9, 9);
        SparseResidualBlock block = Block(4, 4, 1, 0, 9, 9, mask);
        block.Freeze(Limits.Default);
        ComputeMeter meter = new();
        meter.Begin(1);
        _ = block.Forward(new Context { Meter = meter }, Tensor.Zeros(new Shape(1, 9, 9, 4)));
        Assert.Equal((9 * 16 * 9) + (9 * 16), meter.ExecutedMacs(0));
        Assert.Equal(2 * 81 * 9 * 16, meter.DenseMacs(0));
    }

    [Fact]
    public void A_decision_about_other_pixels_is_refused()
    {
        SparseResidualBlock block = Block(4, 4, 1, 0, 5, 5, Masks.Make("full", 5, 5));
        Context context = new();
        ArgumentException error = Assert.Throws<ArgumentException>(() => block.Forward(context, new Decision(Selection.All(1, 24), default), Tensor.Zeros(new Shape(1, 5, 5, 4))));
        Assert.Contains("5 x 5", error.Message, StringComparison.Ordinal);
    }

    private static float[] Run(int ins, int outs, int stride, int inner, Tensor input, bool[] masks, Accuracy accuracy, bool isFrozen)
    {
        SparseResidualBlock block = Block(ins, outs, stride, inner, (input.Shape[1] + stride - 1) / stride, (input.Shape[2] + stride - 1) / stride, masks);
        if (isFrozen)
        {
            block.Freeze(Limits.Default);
        }

        return block.Forward(new Context { Accuracy = accuracy }, input).ToArray();
    }

    private static SparseResidualBlock Block(int ins, int outs, int stride, int inner, int height, int width, bool[] masks)
    {
        SparseResidualBlock block = new(ins, outs, new GivenMask(height, width, masks), stride, inner);
        block.Initialize(new RandomSource(3));
        return block;
    }

    private static Tensor Input(int channels, int height, int width)
    {
        Tensor input = Tensor.Zeros(new Shape(Samples, height, width, channels));
        new RandomSource(8).Stream("x").FillNormal(input.Span, 0, 0);
        return input;
    }

    private static void Poison(Context context, Shape shape)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        context.Workspace.Rent(shape).Span.Fill(float.NaN);
        context.Workspace.Rent(shape).Span.Fill(float.NaN);
    }

    private static bool[] Filled(int length, bool value)
    {
        bool[] mask = new bool[length];
        Array.Fill(mask, value);
        return mask;
    }
}
