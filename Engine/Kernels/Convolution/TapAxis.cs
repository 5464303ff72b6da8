using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Along one axis, which taps of the kernel a target coordinate meets and where they lie in the source. In a convolution the target is the
/// output and the source the input; in its input gradient it is the reverse. The taps that count form an arithmetic progression:
/// all others lie in the padding, or (input gradient with a stride) belong to no output pixel.
/// </summary>
internal readonly struct TapAxis
{
    /// <summary>Integers that a coordinate takes in a table: first tap, number of taps, source coordinate of the first tap.</summary>
    public const int Fields = 3;

    private readonly int _targetSize;
    private readonly int _sourceSize;
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _pad;
    private readonly int _dilation;
    private readonly bool _reverse;

    private TapAxis(int targetSize, int sourceSize, int kernel, int stride, int pad, int dilation, bool reverse)
    {
        _targetSize = targetSize;
        _sourceSize = sourceSize;
        _kernel = kernel;
        _stride = stride;
        _pad = pad;
        _dilation = dilation;
        _reverse = reverse;
        int common = reverse ? GreatestDivisor(stride, dilation) : 1;
        TapStep = reverse ? stride / common : 1;
        SourceStep = reverse ? -(dilation / common) : dilation;
        Phases = reverse ? stride : 1;
    }

    /// <summary>From one tap that counts to the next.</summary>
    public int TapStep { get; }

    /// <summary>From the source coordinate of one tap that counts to that of the next.</summary>
    public int SourceStep { get; }

    /// <summary>Target coordinates this far apart have the same taps, except near the border.</summary>
    public int Phases { get; }

    /// <summary>Target coordinates.</summary>
    public int Size => _targetSize;

    /// <summary>Rows of a convolution, or of its input gradient.</summary>
    public static TapAxis Vertical(in ConvolutionGeometry g, bool reverse) => reverse
        ? new TapAxis(g.InHeight, g.OutHeight, g.KernelHeight, g.StrideHeight, g.PadTop, g.DilationHeight, true)
        : new TapAxis(g.OutHeight, g.InHeight, g.KernelHeight, g.StrideHeight, g.PadTop, g.DilationHeight, false);

    /// <summary>Columns of a convolution, or of its input gradient.</summary>
    public static TapAxis Horizontal(in ConvolutionGeometry g, bool reverse) => reverse
        ? new TapAxis(g.InWidth, g.OutWidth, g.KernelWidth, g.StrideWidth, g.PadLeft, g.DilationWidth, true)
        : new TapAxis(g.OutWidth, g.InWidth, g.KernelWidth, g.StrideWidth, g.PadLeft, g.DilationWidth, false);

    /// <summary>Writes the fields of every target coordinate.</summary>
    /// <param name="table">Room for <see cref="Fields"/> integers a coordinate.</param>
    public void Fill(Span<int> table)
    {
        for (int target = 0; target < _targetSize; target++)
        {
            (int first, int count, int source) = _reverse ? Backward(target) : Forward(target);
            table[target * Fields] = first;
            table[(target * Fields) + 1] = count;
            table[(target * Fields) + 2] = source;
        }
    }

    private (int First, int Count, int Source) Forward(int target)
    {
        int start = (target * _stride) - _pad;
        int first = start >= 0 ? 0 : (-start + _dilation - 1) / _dilation;
        int end = start >= _sourceSize ? 0 : Math.Min(_kernel, ((_sourceSize - 1 - start) / _dilation) + 1);
        return first < end ? (first, end - first, start + (first * _dilation)) : (0, 0, 0);
    }

    private (int First, int Count, int Source) Backward(int target)
    {
        // Tap k counts if target + pad - k * dilation is a multiple of the stride and the quotient is a source coordinate.
        int position = target + _pad;
        int first = 0;
        while (first < Math.Min(_kernel, TapStep) && Modulo(position - (first * _dilation), _stride) != 0)
        {
            first++;
        }
        if (first >= Math.Min(_kernel, TapStep))
        {
            return (0, 0, 0);
        }
        while (first < _kernel && position - (first * _dilation) >= _sourceSize * _stride)
        {
            first += TapStep;
        }
        int count = 0;
        for (int k = first; k < _kernel && position - (k * _dilation) >= 0; k += TapStep)
        {
            count++;
        }
        return count == 0 ? (0, 0, 0) : (first, count, (position - (first * _dilation)) / _stride);
    }

    private static int Modulo(int value, int divisor) => ((value % divisor) + divisor) % divisor;

    private static int GreatestDivisor(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }
        return a;
    }
}
