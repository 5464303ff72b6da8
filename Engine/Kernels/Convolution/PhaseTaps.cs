namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Along one axis, the taps that input pixels of one phase (coordinate modulo stride) have in an input gradient. With a stride each
/// tap serves one phase only, so computing phase by phase wastes no tap.
/// </summary>
internal readonly struct PhaseTaps
{
    private readonly int _offset;
    private readonly int _stride;
    private readonly int _dilation;

    private PhaseTaps(int kernel, int stride, int pad, int dilation, int phase)
    {
        _stride = stride;
        _dilation = dilation;
        int common = GreatestDivisor(stride, dilation);
        TapStep = stride / common;
        SourceStep = -(dilation / common);
        int before = 0;
        for (int p = 0; p <= phase; p++)
        {
            before += Count;
            First = 0;
            // Tap k counts if phase + pad - k * dilation is a multiple of the stride.
            while (First < kernel && First < TapStep && Modulo(p + pad - ((long)First * dilation), stride) != 0)
            {
                First++;
            }
            Count = First < kernel && First < TapStep ? ((kernel - 1 - First) / TapStep) + 1 : 0;
        }
        Before = before;
        _offset = pad - (First * dilation);
    }

    /// <summary>The first tap of the phase.</summary>
    public int First { get; }

    /// <summary>The number of taps of the phase.</summary>
    public int Count { get; }

    /// <summary>Taps of all phases before this one.</summary>
    public int Before { get; }

    /// <summary>From one tap of the phase to the next.</summary>
    public int TapStep { get; }

    /// <summary>From the source coordinate of one tap of the phase to that of the next.</summary>
    public int SourceStep { get; }

    /// <summary>The rows of the kernel that a phase of input rows meets.</summary>
    public static PhaseTaps Vertical(in ConvolutionGeometry g, int phase) =>
        new(g.KernelHeight, g.StrideHeight, g.PadTop, g.DilationHeight, phase);

    /// <summary>The columns of the kernel that a phase of input columns meets.</summary>
    public static PhaseTaps Horizontal(in ConvolutionGeometry g, int phase) =>
        new(g.KernelWidth, g.StrideWidth, g.PadLeft, g.DilationWidth, phase);

    /// <summary>The output coordinate that the first tap of the phase belongs to; it may lie outside the map.</summary>
    /// <param name="target">An input coordinate of the phase.</param>
    public int Source(int target) => (target + _offset) / _stride;

    private static long Modulo(long value, int divisor) => ((value % divisor) + divisor) % divisor;

    private static int GreatestDivisor(int a, int b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }
        return a;
    }
}
