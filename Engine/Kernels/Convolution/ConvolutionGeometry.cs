using System;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Everything a two-dimensional convolution kernel must know besides its numbers: channels, kernel, stride, padding, dilation,
/// groups, and the height and width of the maps. The batch is not part of it: a result never depends on how many samples share a call.
/// </summary>
/// <remarks>
/// Output pixel (oy, ox) and tap (ky, kx) meet input pixel
/// (oy · StrideHeight − PadTop + ky · DilationHeight, ox · StrideWidth − PadLeft + kx · DilationWidth); where that lies outside the
/// map the input counts as zero. Maps are [N, H, W, C] (channels last), weights [OutChannels, InChannels / Groups, KernelHeight,
/// KernelWidth]. A transposed convolution uses the geometry of the convolution whose input gradient it is, see <see cref="Transposed"/>.
/// </remarks>
public readonly record struct ConvolutionGeometry
{
    private const int LongestStep = 1 << 20;
    private const int WidestPadded = 1 << 30;

    /// <summary>Checks the numbers and derives the output size.</summary>
    /// <param name="inChannels">Channels of the input map, a multiple of <paramref name="groups"/>.</param>
    /// <param name="outChannels">Channels of the output map, a multiple of <paramref name="groups"/>.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="kernelWidth">Columns of the kernel.</param>
    /// <param name="inHeight">Rows of the input map.</param>
    /// <param name="inWidth">Columns of the input map.</param>
    /// <param name="strideHeight">Rows of the input between two rows of the output.</param>
    /// <param name="strideWidth">Columns of the input between two columns of the output.</param>
    /// <param name="padTop">Zero rows above the input.</param>
    /// <param name="padLeft">Zero columns left of the input.</param>
    /// <param name="padBottom">Zero rows below the input.</param>
    /// <param name="padRight">Zero columns right of the input.</param>
    /// <param name="dilationHeight">Rows of the input between two rows of the kernel.</param>
    /// <param name="dilationWidth">Columns of the input between two columns of the kernel.</param>
    /// <param name="groups">Independent groups of channels; equal to <paramref name="inChannels"/> in a depthwise convolution.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, a padding is negative, or a map or the weight exceeds 2³¹ − 1 elements.</exception>
    /// <exception cref="ArgumentException">Channels are no multiple of the groups, the kernel does not fit into the padded input, or that
    /// is wider than 2³⁰ pixels, or a stride or dilation exceeds 2²⁰.</exception>
    public ConvolutionGeometry(
        int inChannels, int outChannels, int kernelHeight, int kernelWidth, int inHeight, int inWidth,
        int strideHeight = 1, int strideWidth = 1,
        int padTop = 0, int padLeft = 0, int padBottom = 0, int padRight = 0,
        int dilationHeight = 1, int dilationWidth = 1, int groups = 1)
    {
        AtLeast(inChannels, 1);
        AtLeast(outChannels, 1);
        AtLeast(kernelHeight, 1);
        AtLeast(kernelWidth, 1);
        AtLeast(inHeight, 1);
        AtLeast(inWidth, 1);
        AtLeast(strideHeight, 1);
        AtLeast(strideWidth, 1);
        AtLeast(padTop, 0);
        AtLeast(padLeft, 0);
        AtLeast(padBottom, 0);
        AtLeast(padRight, 0);
        AtLeast(dilationHeight, 1);
        AtLeast(dilationWidth, 1);
        AtLeast(groups, 1);
        Multiple(inChannels, groups);
        Multiple(outChannels, groups);
        InChannels = inChannels;
        OutChannels = outChannels;
        KernelHeight = kernelHeight;
        KernelWidth = kernelWidth;
        InHeight = inHeight;
        InWidth = inWidth;
        StrideHeight = strideHeight;
        StrideWidth = strideWidth;
        PadTop = padTop;
        PadLeft = padLeft;
        PadBottom = padBottom;
        PadRight = padRight;
        DilationHeight = dilationHeight;
        DilationWidth = dilationWidth;
        Groups = groups;
        OutHeight = OutSize(inHeight, kernelHeight, strideHeight, padTop, padBottom, dilationHeight, "height");
        OutWidth = OutSize(inWidth, kernelWidth, strideWidth, padLeft, padRight, dilationWidth, "width");
        Fits("input map", inHeight, inWidth, inChannels);
        Fits("output map", OutHeight, OutWidth, outChannels);
        Fits("weight", (long)kernelHeight * kernelWidth, inChannels / groups, outChannels);
    }

    /// <summary>Channels of the input map.</summary>
    public int InChannels { get; private init; }

    /// <summary>Channels of the output map.</summary>
    public int OutChannels { get; private init; }

    /// <summary>Rows of the kernel.</summary>
    public int KernelHeight { get; private init; }

    /// <summary>Columns of the kernel.</summary>
    public int KernelWidth { get; private init; }

    /// <summary>Rows of the input between two rows of the output.</summary>
    public int StrideHeight { get; private init; }

    /// <summary>Columns of the input between two columns of the output.</summary>
    public int StrideWidth { get; private init; }

    /// <summary>Zero rows above the input.</summary>
    public int PadTop { get; private init; }

    /// <summary>Zero columns left of the input.</summary>
    public int PadLeft { get; private init; }

    /// <summary>Zero rows below the input.</summary>
    public int PadBottom { get; private init; }

    /// <summary>Zero columns right of the input.</summary>
    public int PadRight { get; private init; }

    /// <summary>Rows of the input between two rows of the kernel.</summary>
    public int DilationHeight { get; private init; }

    /// <summary>Columns of the input between two columns of the kernel.</summary>
    public int DilationWidth { get; private init; }

    /// <summary>Independent groups of channels.</summary>
    public int Groups { get; private init; }

    /// <summary>Rows of the input map.</summary>
    public int InHeight { get; private init; }

    /// <summary>Columns of the input map.</summary>
    public int InWidth { get; private init; }

    /// <summary>Rows of the output map.</summary>
    public int OutHeight { get; private init; }

    /// <summary>Columns of the output map.</summary>
    public int OutWidth { get; private init; }

    /// <summary>Taps of the kernel: KernelHeight · KernelWidth.</summary>
    public int Taps => KernelHeight * KernelWidth;

    /// <summary>Input channels that one output channel sees.</summary>
    public int InChannelsPerGroup => InChannels / Groups;

    /// <summary>Output channels of one group.</summary>
    public int OutChannelsPerGroup => OutChannels / Groups;

    /// <summary>Pixels of one input map.</summary>
    public int InPixels => InHeight * InWidth;

    /// <summary>Pixels of one output map.</summary>
    public int OutPixels => OutHeight * OutWidth;

    /// <summary>Elements of one sample's input map.</summary>
    public int InElements => InPixels * InChannels;

    /// <summary>Elements of one sample's output map.</summary>
    public int OutElements => OutPixels * OutChannels;

    /// <summary>Elements of the weight.</summary>
    public int WeightElements => OutChannels * InChannelsPerGroup * Taps;

    /// <summary>Whether every group has one input channel and one output channel.</summary>
    public bool IsDepthwise => Groups == InChannels && Groups == OutChannels;

    /// <summary>Whether output pixel i needs input pixel i and no other: 1 × 1, stride 1, no padding.</summary>
    public bool IsPointwise => Taps == 1 && StrideHeight == 1 && StrideWidth == 1 && InHeight == OutHeight && InWidth == OutWidth
        && PadTop == 0 && PadLeft == 0;

    /// <summary>Nominal multiply-accumulates of one output pixel over all channels, taps in the padding included.</summary>
    public long MacsPerPixel => (long)OutChannels * InChannelsPerGroup * Taps;

    /// <summary>Nominal multiply-accumulates of one sample, taps in the padding included.</summary>
    public long MacsPerSample => MacsPerPixel * OutPixels;

    /// <summary>
    /// The convolution whose input gradient is the given transposed convolution: its "input" is what the transposed convolution
    /// yields, its "output" what that is given.
    /// </summary>
    /// <param name="inChannels">Channels that the transposed convolution is given.</param>
    /// <param name="outChannels">Channels that it yields.</param>
    /// <param name="kernelHeight">Rows of the kernel.</param>
    /// <param name="kernelWidth">Columns of the kernel.</param>
    /// <param name="inHeight">Rows of the map that it is given.</param>
    /// <param name="inWidth">Columns of the map that it is given.</param>
    /// <param name="strideHeight">Rows of the result between two rows of the given map.</param>
    /// <param name="strideWidth">Columns of the result between two columns of the given map.</param>
    /// <param name="padHeight">Rows cut off the result at top and bottom.</param>
    /// <param name="padWidth">Columns cut off the result left and right.</param>
    /// <param name="outputPadHeight">Rows added to the result at the bottom, less than stride or dilation.</param>
    /// <param name="outputPadWidth">Columns added to the result at the right, less than stride or dilation.</param>
    /// <param name="dilationHeight">Rows of the result between two rows of the kernel.</param>
    /// <param name="dilationWidth">Columns of the result between two columns of the kernel.</param>
    /// <param name="groups">Independent groups of channels.</param>
    /// <returns>A geometry with InHeight = (inHeight − 1) · strideHeight − 2 · padHeight + dilationHeight · (kernelHeight − 1) + outputPadHeight + 1
    /// and OutHeight = inHeight; the same in width.</returns>
    /// <exception cref="ArgumentException">A size is out of range, or the result would have no pixel.</exception>
    public static ConvolutionGeometry Transposed(
        int inChannels, int outChannels, int kernelHeight, int kernelWidth, int inHeight, int inWidth,
        int strideHeight = 1, int strideWidth = 1, int padHeight = 0, int padWidth = 0,
        int outputPadHeight = 0, int outputPadWidth = 0, int dilationHeight = 1, int dilationWidth = 1, int groups = 1)
    {
        AtLeast(inHeight, 1);
        AtLeast(inWidth, 1);
        int resultHeight = ResultSize(inHeight, kernelHeight, strideHeight, padHeight, outputPadHeight, dilationHeight, "height");
        int resultWidth = ResultSize(inWidth, kernelWidth, strideWidth, padWidth, outputPadWidth, dilationWidth, "width");
        var geometry = new ConvolutionGeometry(
            outChannels, inChannels, kernelHeight, kernelWidth, resultHeight, resultWidth, strideHeight, strideWidth,
            padHeight, padWidth, padHeight, padWidth, dilationHeight, dilationWidth, groups);
        // With an output padding of a stride or more the derived size exceeds the given map: those outputs do not exist.
        return geometry with { OutHeight = inHeight, OutWidth = inWidth };
    }

    /// <summary>The same layer on a map of another size.</summary>
    /// <param name="inHeight">Rows of the input map.</param>
    /// <param name="inWidth">Columns of the input map.</param>
    /// <returns>A geometry that differs in the sizes of the maps only.</returns>
    /// <exception cref="ArgumentException">The kernel does not fit into the padded input.</exception>
    public ConvolutionGeometry WithInput(int inHeight, int inWidth) => new(
        InChannels, OutChannels, KernelHeight, KernelWidth, inHeight, inWidth, StrideHeight, StrideWidth,
        PadTop, PadLeft, PadBottom, PadRight, DilationHeight, DilationWidth, Groups);

    private static int OutSize(int size, int kernel, int stride, int before, int after, int dilation, string axis)
    {
        long padded = (long)size + before + after;
        long extent = ((long)(kernel - 1) * dilation) + 1;

        // Kernels look for the taps inside the map from a few steps beyond it, in 32 bits: a place that wrapped around would lead outside.
        if (stride > LongestStep || dilation > LongestStep)
        {
            throw new ArgumentException($"A convolution has stride {stride} and dilation {dilation} in {axis}; expected at most {LongestStep}.");
        }

        if (padded > WidestPadded)
        {
            throw new ArgumentException(
                $"The padded input has {padded} pixels in {axis} ({before} + {size} + {after}); expected at most {WidestPadded}.");
        }

        if (extent > padded)
        {
            throw new ArgumentException(
                $"The kernel covers {extent} pixels in {axis} ({kernel} taps, dilation {dilation}), but the padded input has {padded} "
                + $"({before} + {size} + {after}); expected at most as many.");
        }
        return (int)((padded - extent) / stride) + 1;
    }

    private static int ResultSize(int size, int kernel, int stride, int pad, int outputPad, int dilation, string axis)
    {
        AtLeast(kernel, 1);
        AtLeast(stride, 1);
        AtLeast(pad, 0);
        AtLeast(outputPad, 0);
        AtLeast(dilation, 1);
        if (outputPad >= Math.Max(stride, dilation))
        {
            throw new ArgumentException(
                $"The output padding in {axis} is {outputPad}; expected less than the larger of stride {stride} and dilation {dilation}.");
        }
        long result = ((long)(size - 1) * stride) - (2L * pad) + ((long)dilation * (kernel - 1)) + outputPad + 1;
        if (result is < 1 or > int.MaxValue)
        {
            throw new ArgumentException(
                $"The result would have {result} pixels in {axis} (input {size}, kernel {kernel}, stride {stride}, padding {pad}); expected 1 to {int.MaxValue}.");
        }
        return (int)result;
    }

    private static void AtLeast(int value, int least, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value < least)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected at least {least}.");
        }
    }

    private static void Multiple(int channels, int groups, [CallerArgumentExpression(nameof(channels))] string? name = null)
    {
        if (channels % groups != 0)
        {
            throw new ArgumentException($"{name} is {channels}; expected a multiple of the {groups} groups.", name);
        }
    }

    private static void Fits(string what, long height, long width, long channels)
    {
        // Both factors are below 2^31 after the first test, so the product of the second cannot overflow.
        if (height * width > int.MaxValue || height * width * channels > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                what, $"The {what} has {height} x {width} x {channels} elements; expected at most {int.MaxValue}.");
        }
    }
}
