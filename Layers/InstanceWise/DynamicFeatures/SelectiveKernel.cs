using System;
using System.Globalization;
using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// A convolution that weighs several receptive fields for each channel: U_i = conv3×3 with dilation 1 + i, z = ReLU(norm(W · GAP(Σ U_i))), a = softmax
/// over i of A_i z, y = Σ a_i ⊙ U_i (Li et al., "Selective Kernel Networks", CVPR 2019, section 3.1). [N, H, W, in] to [N, H′, W′, out].
/// </summary>
/// <remarks>
/// The mean of the sum is taken as the sum of means, so that the sum of the branches is never written. Deviation: as in the paper's efficient form,
/// a wider field is a dilated 3×3 convolution; without normalisation there is no rectifier behind the branches either.
/// </remarks>
public sealed class SelectiveKernel : Layer
{
    private const int MaximumBranches = 8;

    private readonly NormalizedConvolution[] _branches;
    private readonly Linear _squeeze;
    private readonly BatchNorm2d? _norm;
    private readonly Linear[] _select;
    private readonly int _outChannels;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="branches">How many receptive fields, at most 8.</param>
    /// <param name="reduction">Channels of the output / hidden width.</param>
    /// <param name="leastHidden">The least hidden width; the paper's is 32.</param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="groups">Groups of each branch's convolution.</param>
    /// <param name="normalizes">Whether branches and squeeze are normalised, and branches rectified; otherwise they have biases.</param>
    public SelectiveKernel(
        int inChannels, int outChannels, int branches = 2, int reduction = 16, int leastHidden = 32, int stride = 1, int groups = 1, bool normalizes = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(branches, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(branches, MaximumBranches);
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        _outChannels = outChannels;
        int hidden = Math.Max(Math.Max(1, leastHidden), outChannels / reduction);
        _branches = new NormalizedConvolution[branches];
        _select = new Linear[branches];
        for (int i = 0; i < branches; i++)
        {
            Conv2d conv = new(inChannels, outChannels, 3, stride, dilation: 1 + i, groups: groups, bias: !normalizes);
            string number = i.ToString(CultureInfo.InvariantCulture);
            _branches[i] = Add("branch" + number, new NormalizedConvolution(conv, normalizes, normalizes ? Activation.Relu : Activation.None));
            _select[i] = Add("select" + number, new Linear(hidden, outChannels, bias: false));
        }

        _squeeze = Add("fc", new Linear(outChannels, hidden, bias: !normalizes));
        _norm = normalizes ? Add("norm", new BatchNorm2d(hidden)) : null;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _branches[0].OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(OutputShape(input)[0], _outChannels);
        Shape hidden = _squeeze.OutputShape(pooled);
        long macs = _squeeze.CountMacs(pooled);
        for (int i = 0; i < _branches.Length; i++)
        {
            macs += _branches[i].CountMacs(input) + _select[i].CountMacs(hidden);
        }

        return macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();

        TensorList list = default;
        Span<Tensor> maps = list[.._branches.Length];
        Tensor means = default;
        for (int i = 0; i < maps.Length; i++)
        {
            maps[i] = _branches[i].Forward(context, input);
            Tensor mean = context.GlobalAveragePool(maps[i]);
            means = i == 0 ? mean : context.Add(means, mean);
        }

        Tensor hidden = _squeeze.Forward(context, means);
        hidden = _norm is null ? context.Relu(hidden) : _norm.Forward(context, hidden, Activation.Relu);
        Tensor weights = Weights(context, hidden);
        Tensor sum = default;
        for (int i = 0; i < maps.Length; i++)
        {
            Tensor share = context.Slice(weights, 1, i, 1).Reshape(new Shape(input.Shape[0], _outChannels));
            sum = context.Recalibrate(maps[i], share, default, sum);
        }

        return scope.Keep(sum);
    }

    // [N, branches, C], each channel's weights summing to 1.
    private Tensor Weights(Context context, Tensor hidden)
    {
        TensorList list = default;
        Span<Tensor> logits = list[.._branches.Length];
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = _select[i].Forward(context, hidden);
        }

        Tensor all = context.Concat(1, logits).Reshape(new Shape(hidden.Shape[0], logits.Length, _outChannels));
        return context.Transpose(context.Softmax(context.Transpose(all)));
    }

    [InlineArray(MaximumBranches)]
    private struct TensorList
    {
        private Tensor _first;
    }
}
