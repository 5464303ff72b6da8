using System;

namespace ManagedDyn.Engine.Kernels.Pooling;

/// <summary>Which input positions each output position of a pooling takes, along one axis.</summary>
public readonly struct PoolAxis
{
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padBefore;
    private readonly int _padAfter;
    private readonly int _dilation;

    private PoolAxis(int input, int output, int kernel, int stride, int padBefore, int padAfter, int dilation)
    {
        Input = input;
        Output = output;
        _kernel = kernel;
        _stride = stride;
        _padBefore = padBefore;
        _padAfter = padAfter;
        _dilation = dilation;
    }

    /// <summary>Positions of the input.</summary>
    public int Input { get; }

    /// <summary>Positions of the output.</summary>
    public int Output { get; }

    /// <summary>A window of fixed length that slides.</summary>
    /// <param name="input">Positions of the input, at least 1.</param>
    /// <param name="kernel">Positions that a window takes, at least 1.</param>
    /// <param name="stride">The distance of two windows, at least 1.</param>
    /// <param name="padBefore">Positions before the first, at most half of the window.</param>
    /// <param name="padAfter">Positions after the last, at most half of the window.</param>
    /// <param name="dilation">The distance of two positions of a window, at least 1.</param>
    /// <param name="ceiling">Whether a last window that is not full counts, if it starts within the input or the padding before it.</param>
    /// <exception cref="ArgumentException">A number is out of its range, no window fits, or the padded input and a step exceed 2³¹ − 1.</exception>
    public static PoolAxis Sliding(int input, int kernel, int stride, int padBefore = 0, int padAfter = 0, int dilation = 1, bool ceiling = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(kernel, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(dilation, 1);
        long extent = (dilation * (kernel - 1L)) + 1;
        if (padBefore < 0 || padAfter < 0 || padBefore > extent / 2 || padAfter > extent / 2)
        {
            throw new ArgumentException($"A pooling pads by {padBefore} and {padAfter}; expected 0 to {extent / 2}, half of its window.", nameof(padBefore));
        }

        long room = (long)input + padBefore + padAfter - extent;
        if (room < 0)
        {
            throw new ArgumentException($"A pooling window of {extent} does not fit {input} positions padded by {padBefore} and {padAfter}.", nameof(kernel));
        }

        // Windows are cut to the input in 32 bits, a step beyond its padding included.
        if ((long)input + padBefore + padAfter + Math.Max(stride, dilation) > int.MaxValue)
        {
            throw new ArgumentException(
                $"A pooling takes {input} positions padded by {padBefore} and {padAfter} with stride {stride} and dilation {dilation}; expected that a step more stays within {int.MaxValue}.", nameof(input));
        }

        long output = ((room + (ceiling ? stride - 1 : 0)) / stride) + 1;
        if (ceiling && (output - 1) * stride >= (long)input + padBefore)
        {
            output--;
        }

        return new PoolAxis(input, (int)output, kernel, stride, padBefore, padAfter, dilation);
    }

    /// <summary>Windows that cut the input into a given number of parts, ⌊o · input / output⌋ to ⌈(o + 1) · input / output⌉.</summary>
    /// <param name="input">Positions of the input, at least 1.</param>
    /// <param name="output">Positions of the output, at least 1.</param>
    public static PoolAxis Adaptive(int input, int output)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(input, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(output, 1);
        return new PoolAxis(input, output, 0, 1, 0, 0, 1);
    }

    /// <summary>The positions of the input that one of the output takes.</summary>
    /// <param name="output">The position of the output.</param>
    public PoolWindow Window(int output)
    {
        if (_kernel == 0)
        {
            int begin = (int)((long)output * Input / Output);
            int end = (int)(((((long)output + 1) * Input) + Output - 1) / Output);
            return new PoolWindow(begin, end - begin, 1, end - begin);
        }

        int start = (output * _stride) - _padBefore;
        if (start >= 0 && ((_kernel - 1L) * _dilation) + start < Input)
        {
            return new PoolWindow(start, _kernel, _dilation, _kernel);
        }

        int skipped = start < 0 ? (-start + _dilation - 1) / _dilation : 0;
        int taken = Math.Min(_kernel, (Input - start + _dilation - 1) / _dilation);
        int extent = Math.Min(start + _kernel, Input + _padAfter) - start;
        return new PoolWindow(start + (skipped * _dilation), Math.Max(0, taken - skipped), _dilation, extent);
    }
}
