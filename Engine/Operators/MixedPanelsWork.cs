using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Mixing;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// One sample's convolution by direct sums whose kernel is large: a few panels at a time are mixed and used while they are near, so the mixture is not
/// written to far memory and read back. The work is cut by panels; no cut changes a bit.
/// </summary>
internal struct MixedPanelsWork : IParallelWork
{
    // Elements of a mixture from which on it does not stay in a second cache beside maps, and of the panels that are mixed together.
    private const int LargeMixture = 192 * 1024;
    private const int NearPanels = 96 * 1024;

    private ConvolutionGeometry _geometry;
    private FusedSteps _steps;
    private Tensor _input;
    private Tensor _coefficients;
    private Tensor _experts;
    private Tensor _mixed;
    private Tensor _output;
    private Tensor _scratch;
    private int _scratchLength;
    private int _parts;

    /// <summary>Whether this is the quicker way.</summary>
    /// <param name="geometry">The geometry.</param>
    public static bool Pays(in ConvolutionGeometry geometry) =>
        !geometry.IsDepthwise && geometry.Groups == 1 && ConvolutionWeights.PackedLength(in geometry) >= LargeMixture;

    /// <summary>Mixes and convolves on the context's threads.</summary>
    /// <param name="context">The context.</param>
    /// <param name="geometry">The geometry.</param>
    /// <param name="input">[1, InHeight, InWidth, InChannels].</param>
    /// <param name="coefficients">One factor for each expert.</param>
    /// <param name="experts">The packed kernels, interleaved.</param>
    /// <param name="mixed">Memory for the mixture.</param>
    /// <param name="output">[1, OutHeight, OutWidth, OutChannels].</param>
    /// <param name="steps">What is done to the sums.</param>
    public static void Run(
        Context context, in ConvolutionGeometry geometry, Tensor input, Tensor coefficients, Tensor experts, Tensor mixed, Tensor output,
        in FusedSteps steps)
    {
        MixedPanelsWork work = new()
        {
            _geometry = geometry,
            _steps = steps,
            _input = input,
            _coefficients = coefficients,
            _experts = experts,
            _mixed = mixed,
            _output = output,
            _scratchLength = IndirectConvolution.ScratchLength(in geometry, false),
            _parts = Math.Min(context.Workers.Threads, ConvolutionWeights.PanelsPerGroup(in geometry)),
        };
        work._scratch = context.Workspace.Rent(new Shape(work._parts, work._scratchLength));
        context.Workers.Run(work._parts, in work);
        context.Workspace.Recycle(work._scratch.Storage);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        int panels = ConvolutionWeights.PanelsPerGroup(in _geometry);
        int length = ConvolutionWeights.PanelLength(in _geometry);
        int together = Math.Max(1, NearPanels / length);
        int end = (int)((long)panels * (part + 1) / _parts);
        Span<float> scratch = _scratch.Span.Slice(part * _scratchLength, _scratchLength);
        Epilogue epilogue = _steps.For(0, _output.Count);
        ConvolutionSelection everything = default;
        for (int panel = (int)((long)panels * part / _parts); panel < end; panel += together)
        {
            int next = Math.Min(end, panel + together);
            ExpertMix.Mix(_coefficients.Span, _experts.Span, _mixed.Count, panel * length, _mixed.Span[(panel * length)..(next * length)]);
            IndirectConvolution.Forward(
                in _geometry, _input.Span, _mixed.Span, _output.Span, in everything, in epilogue, scratch, Range.All, panel..next);
        }
    }
}
