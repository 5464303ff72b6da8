using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Channel gating: the first channels of the input give partial sums Y_p = x_p ⊛ W_p, and only where those are promising the other channels are added,
/// y = relu(norm(Y_p + d ⊙ (x_r ⊛ W_r))) with d = [σ(a·(norm₀(Y_p) − Δ)) &gt; ½] (Hua et al., "Channel gating neural networks", NeurIPS 2019, section 3). norm₀ has no
/// γ and β; Δ is learned, one value a channel.
/// </summary>
/// <remarks>
/// <para>Gradients pass d as if it were σ(…). Asks for the term "threshold" of the loss, the mean of (T − Δ)².</para>
/// <para>The paper decides for each element of the output, which no processor without such wiring can save. Here one decision is for a pixel and a group of
/// neighbouring output channels, by the mean of what they ask for: what inference skips is the convolution of the other input channels at that pixel for that
/// group. Groups of 1 are the paper; groups of the vector width or more save time.</para>
/// <para>With fixed first channels all layers look at the same few features of the one before. The paper's channel shuffle deals input channels out in turn before they
/// are cut, so that the base part has some of every p-th part of them: channel g·(in/p) + i becomes i·p + g, as in the released code, where it is off unless asked for.</para>
/// <para>The sums of a pixel are two chains, base and rest: with everything on, the layer equals the static one within rounding, not bit for bit.</para>
/// </remarks>
public sealed class ChannelGatedConvBlock : Layer
{
    private const float Momentum = 0.1f;
    private const float Epsilon = 1e-5f;

    private readonly int _inChannels;
    private readonly int _outChannels;
    private readonly int _baseChannels;
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _groupSize;
    private readonly float _target;
    private readonly float _slope;
    private readonly int _shuffledParts;
    private readonly Parameter _weight;
    private readonly Parameter _threshold;
    private readonly Parameter _mean;
    private readonly Parameter _variance;
    private readonly BatchNorm2d _norm;
    private PackedWeight? _base;
    private PackedWeight[]? _rest;

    /// <summary>Makes a block.</summary>
    /// <param name="inChannels">Channels of the input, at least 2.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernel">Rows and columns of the kernel; the padding keeps the size at stride 1.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="partitions">p: the base part has ⌈in / p⌉ channels; at least 2.</param>
    /// <param name="groupSize">Output channels of one decision, a divisor of them.</param>
    /// <param name="target">T, which Δ starts from and is drawn to: the larger, the less is computed.</param>
    /// <param name="slope">a, above 0.</param>
    /// <param name="shuffles">Whether channels are shuffled before they are cut; then p must divide those of the input.</param>
    public ChannelGatedConvBlock(
        int inChannels, int outChannels, int kernel, int stride = 1, int partitions = 4, int groupSize = 16, float target = 1, float slope = 2, bool shuffles = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inChannels, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 2);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slope);
        ChannelSets.CheckGroups(outChannels, groupSize, nameof(groupSize));
        if (shuffles && inChannels % partitions != 0)
        {
            throw new ArgumentException($"{inChannels} input channels are shuffled in {partitions} parts; expected a multiple of them.", nameof(partitions));
        }

        _inChannels = inChannels;
        _outChannels = outChannels;
        _baseChannels = (inChannels + partitions - 1) / partitions;
        _kernel = kernel;
        _stride = stride;
        _groupSize = groupSize;
        _target = target;
        _slope = slope;
        _shuffledParts = shuffles ? partitions : 1;
        _weight = AddParameter("weight", new Shape(outChannels, inChannels, kernel, kernel));
        _threshold = AddParameter("threshold", new Shape(outChannels), decays: false);
        _mean = AddParameter("base_mean", new Shape(outChannels), isTrainable: false);
        _variance = AddParameter("base_var", new Shape(outChannels), isTrainable: false);
        _norm = Add("norm", new BatchNorm2d(outChannels));
        _threshold.Value.Span.Fill(target);
        _variance.Value.Span.Fill(1);
    }

    private int GroupCount => _outChannels / _groupSize;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != _inChannels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_inChannels}].", nameof(input));
        }

        ConvolutionGeometry geometry = GeometryOf(input, _inChannels, _outChannels);
        return new Shape(input[0], geometry.OutHeight, geometry.OutWidth, _outChannels);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return input[0] * GeometryOf(input, _inChannels, _outChannels).MacsPerSample;
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        Initializers.HeNormalFanOut(_weight, random);
        _threshold.Value.Span.Fill(_target);
        _mean.Value.Span.Clear();
        _variance.Value.Span.Fill(1);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        Shape square = new(1, _kernel, _kernel, _inChannels);
        _base = PackedWeight.ForConvolution(GeometryOf(square, _baseChannels, _outChannels), PartOf(0, _outChannels, 0, _baseChannels), memory);
        _rest = new PackedWeight[GroupCount];
        for (int g = 0; g < _rest.Length; g++)
        {
            _rest[g] = PackedWeight.ForConvolution(
                GeometryOf(square, _inChannels - _baseChannels, _groupSize), PartOf(g * _groupSize, _groupSize, _baseChannels, _inChannels - _baseChannels), memory);
        }
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        Shape output = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        input = Shuffled(context, input);
        Tensor first = context.Slice(input, 3, 0, _baseChannels);
        Tensor rest = context.Slice(input, 3, _baseChannels, _inChannels - _baseChannels);
        ConvolutionGeometry geometry = GeometryOf(input.Shape, _baseChannels, _outChannels);
        Tensor weight = IsFrozen ? default : context.Slice(_weight.Value, 1, 0, _baseChannels);
        Tensor partial = IsFrozen
            ? context.Conv2dFused(first, _base!, in geometry, default)
            : context.Conv2d(first, weight, default, in geometry);
        Tensor score = Scores(context, partial);

        // Hard decisions add in place, which no tape sees.
        bool addsAll = context.Decisions == Engine.Execution.Decisions.Relaxed || context.Tape is not null;
        Tensor sums = addsAll ? Relaxed(context, input.Shape, rest, partial, score) : Hard(context, input.Shape, rest, partial, score, output);
        return scope.Keep(_norm.Forward(context, sums, Activation.Relu));
    }

    private Tensor Shuffled(Context context, Tensor input)
    {
        Shape shape = input.Shape;
        return _shuffledParts == 1
            ? input
            : context.Permute(input.Reshape(new Shape(shape[0], shape[1], shape[2], _shuffledParts, _inChannels / _shuffledParts)), 0, 1, 2, 4, 3).Reshape(shape);
    }

    // [N, H, W, groups]: above 0 where the rest is to be computed.
    private Tensor Scores(Context context, Tensor partial)
    {
        Tensor normed = context.BatchNorm(partial, default, default, _mean.Value, _variance.Value, Momentum, Epsilon);
        Tensor over = context.Subtract(normed, _threshold.Value);
        Shape shape = partial.Shape;
        return _groupSize == 1 ? over : context.Mean(over.Reshape(new Shape(shape[0], shape[1], shape[2], GroupCount, _groupSize)), 4);
    }

    private Tensor Relaxed(Context context, Shape input, Tensor rest, Tensor partial, Tensor score)
    {
        ConvolutionGeometry geometry = GeometryOf(input, _inChannels - _baseChannels, _outChannels);
        Tensor weight = context.Slice(_weight.Value, 1, _baseChannels, _inChannels - _baseChannels);
        Tensor added = context.Conv2d(rest, weight, default, in geometry);
        Tensor decisions = context.StraightThrough(context.Sigmoid(context.Scale(score, _slope)));
        if (GateFeatures.Trains(context))
        {
            Tensor far = context.Square(context.Offset(_threshold.Value, -_target));
            context.AddLossTerm("threshold", Number, context.Mean(far).Reshape(new Shape(1)));
        }

        if (context.Ledger is not null)
        {
            for (int g = 0; g < GroupCount; g++)
            {
                Record(context, input, decisions.Shape, default, context.Slice(decisions, 3, g, 1).Reshape(new Shape(input[0], decisions.Shape[1] * decisions.Shape[2])));
            }
        }

        Shape grouped = new(partial.Shape[0], partial.Shape[1], partial.Shape[2], GroupCount, _groupSize);
        Tensor kept = context.MaskMultiply(added.Reshape(grouped), decisions).Reshape(partial.Shape);
        return context.Add(partial, kept);
    }

    private Tensor Hard(Context context, Shape input, Tensor rest, Tensor partial, Tensor score, Shape output)
    {
        int pixels = output[1] * output[2];
        Tensor byGroup = GroupCount == 1 ? score : context.Permute(score, 3, 0, 1, 2);
        ConvolutionGeometry geometry = GeometryOf(input, _inChannels - _baseChannels, _groupSize);
        for (int g = 0; g < GroupCount; g++)
        {
            using WorkspaceScope turn = context.Workspace.Enter();
            ReadOnlySpan<float> own = byGroup.Span.Slice(g * input[0] * pixels, input[0] * pixels);
            Selection chosen = context.Workspace.SelectAtLeast(input[0], pixels, own, float.Epsilon);
            Record(context, input, output, chosen, default);
            if (chosen.IsEmpty)
            {
                context.Count(input[0], 0, geometry.MacsPerSample);
                continue;
            }

            Conv2dSelection selection = new() { Pixels = chosen, CompactPixels = true };
            Tensor added = IsFrozen
                ? context.Conv2dFused(rest, _rest![g], in geometry, default, in selection)
                : context.Conv2d(rest, RestOf(context, g), default, in geometry, in selection);
            AddTo(partial, added, chosen, g * _groupSize, pixels);
        }

        return partial;
    }

    // A tensor of its own, as the slices of operators are of all rows or columns.
    private Tensor RestOf(Context context, int group) => context.Workspace.RentCopy(
        new Shape(_groupSize, _inChannels - _baseChannels, _kernel, _kernel), PartOf(group * _groupSize, _groupSize, _baseChannels, _inChannels - _baseChannels));

    private static void AddTo(Tensor sums, Tensor added, Selection chosen, int firstChannel, int pixels)
    {
        int channels = sums.Shape[3];
        int width = added.Shape[-1];
        int place = 0;
        for (int sample = 0; sample < chosen.Rows; sample++)
        {
            for (int i = 0; i < chosen.RowCount(sample); i++, place++)
            {
                int pixel = chosen.IsAll ? i : chosen.Row(sample)[i];
                MixtureKernel.Add(1, added.Span.Slice(place * width, width), sums.Span.Slice((((sample * pixels) + pixel) * channels) + firstChannel, width));
            }
        }
    }

    private void Record(Context context, Shape input, Shape map, Selection selected, Tensor scores)
    {
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Pixels,
                Rows = input[0],
                Selected = selected,
                Scores = scores,
                UnitMacs = GeometryOf(input, _inChannels - _baseChannels, _groupSize).MacsPerPixel,
                MapHeight = map[1],
                MapWidth = map[2],
            });
        }
    }

    private float[] PartOf(int firstOut, int outs, int firstIn, int ins)
    {
        int taps = _kernel * _kernel;
        float[] part = new float[outs * ins * taps];
        for (int o = 0; o < outs; o++)
        {
            _weight.Value.Span.Slice((((firstOut + o) * _inChannels) + firstIn) * taps, ins * taps).CopyTo(part.AsSpan(o * ins * taps));
        }

        return part;
    }

    private ConvolutionGeometry GeometryOf(Shape input, int ins, int outs)
    {
        int padding = (_kernel - 1) / 2;
        return new ConvolutionGeometry(ins, outs, _kernel, _kernel, input[1], input[2], _stride, _stride, padding, padding, padding, padding);
    }
}
