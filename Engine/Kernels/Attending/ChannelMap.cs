using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// Applies a function with parameters for each channel and a weight for each pixel to a map [pixels, channels] in one pass. Pixels are taken in
/// blocks that stay in the nearest cache while the channels are walked, so that a channel's parameters are loaded once a block.
/// </summary>
internal static class ChannelMap
{
    /// <summary>The most parameters of a channel.</summary>
    public const int MaximumParameters = 16;

    private const int BlockElements = 4096;
    private const int MaximumBlock = 64;

    /// <summary>y = f(x; s, p), or activation(f(x; s, p) + r).</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="function">f.</param>
    /// <param name="input">x, [pixels, channels].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="table">p, [parameters, channels].</param>
    /// <param name="weights">s, [pixels]; empty: 1.</param>
    /// <param name="residual">r, as long as x; empty: none.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="output">y, as long as x; it may be x or r itself.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Forward<TFunction>(
        TFunction function,
        ReadOnlySpan<float> input,
        int channels,
        ReadOnlySpan<float> table,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> residual,
        Activation activation,
        Span<float> output)
        where TFunction : struct, IChannelFunction
    {
        int pixels = Check(input.Length, channels, table.Length, weights.Length);
        if (output.Length != input.Length || (!residual.IsEmpty && residual.Length != input.Length))
        {
            throw new ArgumentException($"A map of {input.Length} values was given, {output.Length} out and {residual.Length} to add; expected as many out and as many or none to add.");
        }

        int width = Vector<float>.Count;
        int block = Math.Clamp(BlockElements / channels, 1, MaximumBlock);
        Span<Vector<float>> parameters = stackalloc Vector<float>[table.Length / channels];
        bool hasResidual = !residual.IsEmpty;
        bool isRelu = activation == Activation.Relu;
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float r = ref MemoryMarshal.GetReference(residual);
        ref float y = ref MemoryMarshal.GetReference(output);
        for (int start = 0; start < pixels; start += block)
        {
            int end = Math.Min(pixels, start + block);
            for (int c = 0; c < channels; c += width)
            {
                int count = Math.Min(width, channels - c);
                Load(table, channels, c, count, parameters);
                for (int pixel = start; pixel < end; pixel++)
                {
                    int at = (pixel * channels) + c;
                    Vector<float> weight = weights.IsEmpty ? Vector<float>.One : new Vector<float>(weights[pixel]);
                    if (count == width)
                    {
                        // Whole vectors of a pixel: at + width is at most the length of all three, which were compared.
                        Vector<float> value = function.Value(Vector.LoadUnsafe(ref x, (nuint)at), weight, parameters);
                        value = hasResidual ? value + Vector.LoadUnsafe(ref r, (nuint)at) : value;
                        (isRelu ? Rectify(value) : value).StoreUnsafe(ref y, (nuint)at);
                    }
                    else
                    {
                        Vector<float> value = function.Value(PartialVector.Load(input, at, count), weight, parameters);
                        value = hasResidual ? value + PartialVector.Load(residual, at, count) : value;
                        PartialVector.Store(isRelu ? Rectify(value) : value, output.Slice(at, count));
                    }
                }
            }
        }
    }

    /// <summary>The gradients of x, of the parameters and of the weights, for one sample.</summary>
    /// <typeparam name="TFunction">The function.</typeparam>
    /// <param name="function">f.</param>
    /// <param name="input">x, [pixels, channels].</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="table">p, [parameters, channels].</param>
    /// <param name="weights">s, [pixels]; empty: 1.</param>
    /// <param name="gradient">The gradient of y, as long as x.</param>
    /// <param name="inputGradient">That of x; empty: not asked for.</param>
    /// <param name="accumulate">Whether to add to what <paramref name="inputGradient"/> holds.</param>
    /// <param name="tableGradient">Receives the sums over the pixels, as long as p; empty: not asked for.</param>
    /// <param name="weightGradient">The sums over the channels, as long as s; empty: not asked for.</param>
    /// <param name="accumulateWeights">Whether to add to what <paramref name="weightGradient"/> holds.</param>
    /// <exception cref="ArgumentException">Lengths do not fit.</exception>
    public static void Backward<TFunction>(
        TFunction function,
        ReadOnlySpan<float> input,
        int channels,
        ReadOnlySpan<float> table,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> gradient,
        Span<float> inputGradient,
        bool accumulate,
        Span<float> tableGradient,
        Span<float> weightGradient,
        bool accumulateWeights)
        where TFunction : struct, IChannelFunction
    {
        int pixels = Check(input.Length, channels, table.Length, weights.Length);
        CheckGradient(gradient.Length, input.Length, mayLack: false);
        CheckGradient(inputGradient.Length, input.Length, mayLack: true);
        CheckGradient(tableGradient.Length, table.Length, mayLack: true);
        CheckGradient(weightGradient.Length, pixels, mayLack: true);
        int width = Vector<float>.Count;
        int block = Math.Clamp(BlockElements / channels, 1, MaximumBlock);
        Span<Vector<float>> parameters = stackalloc Vector<float>[table.Length / channels];
        Span<Vector<float>> sums = stackalloc Vector<float>[parameters.Length];
        Span<Vector<float>> shares = stackalloc Vector<float>[block];
        tableGradient.Clear();
        for (int start = 0; start < pixels; start += block)
        {
            int end = Math.Min(pixels, start + block);
            shares.Clear();
            for (int c = 0; c < channels; c += width)
            {
                int count = Math.Min(width, channels - c);
                Load(table, channels, c, count, parameters);
                sums.Clear();
                for (int pixel = start; pixel < end; pixel++)
                {
                    int at = (pixel * channels) + c;
                    Vector<float> weight = weights.IsEmpty ? Vector<float>.One : new Vector<float>(weights[pixel]);
                    Vector<float> slope = function.Gradient(
                        PartialVector.Load(input, at, count, 0f), weight, parameters, PartialVector.Load(gradient, at, count, 0f), sums, out Vector<float> share);
                    shares[pixel - start] += share;
                    if (!inputGradient.IsEmpty)
                    {
                        PartialVector.Store(accumulate ? PartialVector.Load(inputGradient, at, count) + slope : slope, inputGradient.Slice(at, count));
                    }
                }

                if (!tableGradient.IsEmpty)
                {
                    AddSums(sums, channels, c, count, tableGradient);
                }
            }

            for (int pixel = start; pixel < end && !weightGradient.IsEmpty; pixel++)
            {
                float sum = Vector.Sum(shares[pixel - start]);
                weightGradient[pixel] = accumulateWeights ? weightGradient[pixel] + sum : sum;
            }
        }
    }

    private static void AddSums(ReadOnlySpan<Vector<float>> sums, int channels, int c, int count, Span<float> tableGradient)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            int at = (i * channels) + c;
            PartialVector.Store(PartialVector.Load(tableGradient, at, count) + sums[i], tableGradient.Slice(at, count));
        }
    }

    private static void Load(ReadOnlySpan<float> table, int channels, int c, int count, Span<Vector<float>> parameters)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i] = PartialVector.Load(table, (i * channels) + c, count, 0f);
        }
    }

    // A comparison and not a maximum: NaN must stay NaN on every processor.
    private static Vector<float> Rectify(Vector<float> value) =>
        Vector.ConditionalSelect(Vector.LessThan(value, Vector<float>.Zero), Vector<float>.Zero, value);

    private static int Check(int elements, int channels, int table, int weights)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        int pixels = elements / channels;
        if (elements % channels != 0 || table % channels != 0 || table / channels > MaximumParameters || (weights != 0 && weights != pixels))
        {
            throw new ArgumentException(
                $"A map of {elements} values was given with {table} parameters and {weights} weights; expected rows of {channels}, at most {MaximumParameters} parameters a channel and a weight a pixel or none.");
        }

        return pixels;
    }

    private static void CheckGradient(int length, int expected, bool mayLack)
    {
        if (length != expected && !(mayLack && length == 0))
        {
            throw new ArgumentException($"A gradient has {length} values; expected {expected}.");
        }
    }
}
