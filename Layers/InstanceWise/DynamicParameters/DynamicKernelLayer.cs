using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// A two-dimensional convolution with square kernel that is not one parameter but made by the layer: [N, H, W, in] to [N, H′, W′, out] with the sizes of
/// <see cref="Conv2d"/>. What makes the kernel is told by the classes.
/// </summary>
public abstract class DynamicKernelLayer : Layer
{
    private readonly int _padding;

    /// <summary>Makes a convolution.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="padding">Zeros around the input; −1: as many as keep the size at stride 1, dilation · (kernel − 1) / 2.</param>
    /// <param name="dilation">Pixels of the input between two taps.</param>
    /// <param name="groups">Independent groups of channels.</param>
    protected DynamicKernelLayer(int inChannels, int outChannels, int kernel, int stride, int padding, int dilation, int groups)
    {
        InChannels = inChannels;
        OutChannels = outChannels;
        Kernel = kernel;
        Stride = stride;
        _padding = padding < 0 ? dilation * (kernel - 1) / 2 : padding;
        Dilation = dilation;
        Groups = groups;
        _ = SmallGeometry;
    }

    /// <summary>Channels of the input.</summary>
    public int InChannels { get; }

    /// <summary>Channels of the output.</summary>
    public int OutChannels { get; }

    /// <summary>Rows and columns of the kernel.</summary>
    public int Kernel { get; }

    /// <summary>Pixels of the input between two pixels of the output.</summary>
    public int Stride { get; }

    /// <summary>Pixels of the input between two taps.</summary>
    public int Dilation { get; }

    /// <summary>Independent groups of channels.</summary>
    public int Groups { get; }

    /// <summary>Elements of one kernel.</summary>
    public int KernelElements => SmallGeometry.WeightElements;

    /// <summary>The geometry on the smallest map, for what does not depend on the map.</summary>
    protected ConvolutionGeometry SmallGeometry
    {
        get
        {
            int span = Math.Max(1, (Dilation * (Kernel - 1)) + 1);
            return GeometryFor(span, span);
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        ConvolutionGeometry geometry = GeometryOf(input);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, OutChannels);
    }

    /// <summary>The geometry for a shape of the input.</summary>
    /// <param name="input">[N, H, W, in].</param>
    /// <exception cref="ArgumentException">The layer cannot take it.</exception>
    public ConvolutionGeometry GeometryOf(Shape input)
    {
        if (input.Rank != 4 || input[3] != InChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {InChannels}].", nameof(input));
        }

        return GeometryFor(input[1], input[2]);
    }

    /// <summary>
    /// y = activation((x ⊛ W(x)) · scale + shift + residual) without recording: for inference, where a normalisation that follows is a scale and a shift.
    /// Only for a frozen layer without bias. It has the bits of the steps one after another.
    /// </summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <exception cref="InvalidOperationException">The layer is not frozen, or has a bias.</exception>
    public abstract Tensor ForwardFused(Context context, Tensor input, in FusedSteps steps);

    /// <summary>Writes down how much each expert counts, if anybody asks: all of them run, as one kernel.</summary>
    /// <param name="context">The context.</param>
    /// <param name="weights">[N, experts].</param>
    protected void RecordExperts(Context context, Tensor weights)
    {
        // Relaxed records are what objectives bound the compute by; here nothing can be saved.
        if (context.Ledger is not null && context.Decisions == Engine.Execution.Decisions.Hard)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Experts,
                Rows = weights.Shape[0],
                Selected = Engine.Selections.Selection.All(weights.Shape[0], weights.Shape[1]),
                Scores = weights,
                UnitMacs = KernelElements,
            });
        }
    }

    /// <summary>Refuses what a fused call cannot do.</summary>
    /// <param name="hasBias">Whether the layer has a bias.</param>
    protected void RequireFusible(bool hasBias)
    {
        if (!IsFrozen || hasBias)
        {
            throw new InvalidOperationException($"A fused convolution needs a frozen layer without bias; this one is {(IsFrozen ? "frozen and has a bias" : "not frozen")}.");
        }
    }

    private ConvolutionGeometry GeometryFor(int height, int width) => new(
        InChannels, OutChannels, Kernel, Kernel, height, width, Stride, Stride, _padding, _padding, _padding, _padding, Dilation, Dilation, Groups);
}
