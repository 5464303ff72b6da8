using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.Attending;

/// <summary>
/// Applies a function with parameters for each channel and a weight for each pixel to a map [pixels, channels] in one pass.
/// </summary>
internal static class ChannelMap
{
    /// <summary>The most parameters of a channel.</summary>
    public const int MaximumParameters = 16;

    // Vectors of parameters on the stack.
    private const int StagedVectors = 256;

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

        int parameters = table.Length / channels;
        int width = Vector<float>.Count;
        int group = StagedVectors / Math.Max(1, parameters) * width;
        Span<Vector<float>> staged = stackalloc Vector<float>[StagedVectors];
        for (int c = 0; c < channels; c += group)
        {
            int end = Math.Min(channels, c + group);
            for (int at = c; at < end; at += width)
            {
                Load(table, channels, at, Math.Min(width, channels - at), staged.Slice((at - c) / width * parameters, parameters));
            }

            if (residual.IsEmpty && activation == Activation.None)
            {
                Group(function, default(Nothing), input, channels, c, end, staged, parameters, weights, residual, output);
            }
            else
            {
                Group(function, new Sum(residual.IsEmpty, activation == Activation.Relu), input, channels, c, end, staged, parameters, weights, residual, output);
            }
        }
    }

    // Pixel by pixel, so that memory is read as it lies; the parameters of the group's channels lie vector by vector in the staged ones.
    private static void Group<TFunction, TAfter>(
        TFunction function,
        TAfter after,
        ReadOnlySpan<float> input,
        int channels,
        int from,
        int to,
        ReadOnlySpan<Vector<float>> staged,
        int parameters,
        ReadOnlySpan<float> weights,
        ReadOnlySpan<float> residual,
        Span<float> output)
        where TFunction : struct, IChannelFunction
        where TAfter : struct, IAfter
    {
        int width = Vector<float>.Count;
        int whole = from + ((to - from) / width * width);
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float r = ref MemoryMarshal.GetReference(residual.IsEmpty ? input : residual);
        ref float y = ref MemoryMarshal.GetReference(output);
        ref Vector<float> first = ref MemoryMarshal.GetReference(staged);
        int pixels = input.Length / channels;
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            Vector<float> weight = weights.IsEmpty ? Vector<float>.One : new Vector<float>(weights[pixel]);
            int row = pixel * channels;
            int place = 0;
            for (int c = from; c < whole; c += width, place += parameters)
            {
                // Whole vectors of a pixel: row + c + width is at most the length of all three maps, which were compared. The group has a staged
                // vector for each of its vectors and parameters.
                ReadOnlySpan<Vector<float>> own = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref first, place), parameters);
                nuint at = (nuint)(row + c);
                Vector<float> value = function.Value(Vector.LoadUnsafe(ref x, at), weight, own);
                after.Apply(value, ref r, at).StoreUnsafe(ref y, at);
            }

            if (whole < to)
            {
                int count = to - whole;
                Vector<float> value = function.Value(PartialVector.Load(input, row + whole, count), weight, staged.Slice(place, parameters));
                Vector<float> summand = residual.IsEmpty ? Vector<float>.Zero : PartialVector.Load(residual, row + whole, count);
                PartialVector.Store(after.Apply(value, summand), output.Slice(row + whole, count));
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

    private interface IAfter
    {
        Vector<float> Apply(Vector<float> value, ref float residual, nuint at);

        Vector<float> Apply(Vector<float> value, Vector<float> residual);
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

    private readonly struct Nothing : IAfter
    {
        public Vector<float> Apply(Vector<float> value, ref float residual, nuint at) => value;

        public Vector<float> Apply(Vector<float> value, Vector<float> residual) => value;
    }

    // The summand's reference is a map of the same length even where there is no summand.
    private readonly struct Sum(bool lacksResidual, bool isRelu) : IAfter
    {
        public Vector<float> Apply(Vector<float> value, ref float residual, nuint at) =>
            Apply(value, lacksResidual ? Vector<float>.Zero : Vector.LoadUnsafe(ref residual, at));

        public Vector<float> Apply(Vector<float> value, Vector<float> residual)
        {
            Vector<float> sum = lacksResidual ? value : value + residual;
            return isRelu ? Rectify(sum) : sum;
        }
    }
}
