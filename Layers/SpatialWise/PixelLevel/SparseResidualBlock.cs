using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Residual block whose branch runs on active pixels only, y = relu(shortcut(x) + m·F(x)) with a mask m that a rule makes of x (Verelst and
/// Tuytelaars, "Dynamic convolutions: exploiting spatial sparsity for faster inference", CVPR 2020, section 3). F is two 3×3 convolutions, or a
/// bottleneck of 1×1, 3×3 and 1×1; each but the last is computed where the next one reads, which is the mask dilated by its kernel. The stride is in
/// the first 3×3, as in the released code.
/// </summary>
/// <remarks>
/// Hard decisions: inactive pixels cost nothing, and active ones have the bits of the dense block under <see cref="Accuracy.Exact"/>. Relaxed
/// decisions: everything is computed and the branch multiplied by the scores. Batch statistics are those of the pixels that inference computes.
/// With a rule for channels too, both are left out together: an output pixel and a channel within cost only where both are chosen.
/// Parameters have PyTorch's names: conv1, bn1, …, downsample.
/// </remarks>
public sealed class SparseResidualBlock : Layer
{
    // The largest tile of fast convolution.
    private const int TileSide = 4;

    private readonly DecisionRule? _rule;
    private readonly DecisionRule? _channels;
    private readonly Conv2d[] _convs;
    private readonly BatchNorm2d?[] _norms;
    private readonly SparseShortcut? _shortcut;
    private readonly bool _activates;

    /// <summary>Makes a block.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="rule">
    /// Decides about the output's pixels from the input; it becomes the sub-module "masker". Null: decisions are handed to the block.
    /// </param>
    /// <param name="stride">Pixels of the input between two pixels of the output.</param>
    /// <param name="innerChannels">Channels within a bottleneck; 0: a basic block.</param>
    /// <param name="normalizes">Whether each convolution is followed by a normalisation; else it has a bias.</param>
    /// <param name="activates">Whether the sum is rectified.</param>
    /// <param name="channels">
    /// Decides besides which channels of the first convolution's output there are, from the input; it becomes the sub-module "channels". Null: all.
    /// </param>
    public SparseResidualBlock(
        int inChannels, int outChannels, DecisionRule? rule, int stride = 1, int innerChannels = 0, bool normalizes = true, bool activates = true,
        DecisionRule? channels = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(innerChannels);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        _rule = rule is null ? null : Add("masker", rule);
        _activates = activates;
        _convs = innerChannels == 0
            ? [Convolution(0, inChannels, outChannels, 3, stride, normalizes), Convolution(1, outChannels, outChannels, 3, 1, normalizes)]
            : [
                Convolution(0, inChannels, innerChannels, 1, 1, normalizes), Convolution(1, innerChannels, innerChannels, 3, stride, normalizes),
                Convolution(2, innerChannels, outChannels, 1, 1, normalizes),
            ];
        _channels = channels is null ? null : Add("channels", channels);
        _norms = new BatchNorm2d?[_convs.Length];
        for (int i = 0; normalizes && i < _norms.Length; i++)
        {
            _norms[i] = Add(Name("bn", i), new BatchNorm2d(_convs[i].Weight.Shape[0]));
        }

        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : Add("downsample", new SparseShortcut(inChannels, outChannels, stride, normalizes));
    }

    /// <summary>The rule that makes the mask; null when decisions are handed to the block.</summary>
    public DecisionRule? Rule => _rule;

    /// <summary>The rule that chooses channels; null when there are all.</summary>
    public DecisionRule? ChannelRule => _channels;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        foreach (Conv2d conv in _convs)
        {
            input = conv.OutputShape(input);
        }

        return input;
    }

    /// <inheritdoc/>
    /// <remarks>The rule's own cost is not in it: the dense network has none.</remarks>
    public override long CountMacs(Shape input) => BranchMacs(input) + (_shortcut?.CountMacs(input) ?? 0);

    /// <summary>Runs the block with a decision that is there: masks that several blocks share, or that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="decision">A row for each sample over the output's pixels; while decisions are relaxed with scores [N, H′, W′].</param>
    /// <param name="input">[N, H, W, in].</param>
    /// <exception cref="ArgumentException">The decision is not about the output's pixels.</exception>
    public Tensor Forward(Context context, in Decision decision, Tensor input) => Forward(context, in decision, input, ownsInput: false);

    /// <summary>
    /// The same where nobody needs the input afterwards, and it has been rectified before: without a shortcut's convolution the result is then
    /// written over it.
    /// </summary>
    internal Tensor ForwardOwned(Context context, Tensor input)
    {
        int outer = context.Meter?.Layer ?? 0;
        if (context.Meter is { } meter)
        {
            meter.Layer = Number;
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = Decide(context, input);
        Tensor output = Forward(context, in decision, input, ownsInput: true);
        if (context.Meter is { } after)
        {
            after.Layer = outer;
        }

        return output.SharesMemoryWith(input) ? output : scope.Keep(output);
    }

    /// <summary>The same with a decision that is there.</summary>
    internal Tensor ForwardOwned(Context context, in Decision decision, Tensor input) => Forward(context, in decision, input, ownsInput: true);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = Decide(context, input);
        return scope.Keep(Forward(context, in decision, input, ownsInput: false));
    }

    private Decision Decide(Context context, Tensor input) => _rule is not null
        ? _rule.Decide(context, input)
        : throw new InvalidOperationException("The block has no rule; hand it a decision.");

    private static string Name(string kind, int index) => kind + (char)('1' + index);

    private Conv2d Convolution(int index, int inChannels, int outChannels, int kernel, int stride, bool normalizes) =>
        Add(Name("conv", index), new Conv2d(inChannels, outChannels, kernel, stride, bias: !normalizes));

    private long BranchMacs(Shape input)
    {
        long macs = 0;
        foreach (Conv2d conv in _convs)
        {
            macs += conv.CountMacs(input);
            input = conv.OutputShape(input);
        }

        return macs;
    }

    private Tensor Forward(Context context, in Decision decision, Tensor input, bool ownsInput)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape output = OutputShape(input.Shape);
        bool isRelaxed = context.Decisions == Engine.Execution.Decisions.Relaxed;
        Check(in decision, output, isRelaxed);
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Pixels,
                Rows = input.Shape[0],
                Selected = decision.Selected,
                Scores = decision.Scores,
                UnitMacs = BranchMacs(input.Shape.With(0, 1)) / (output[1] * output[2]),
                MapHeight = output[1],
                MapWidth = output[2],
            });
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Decision channels = Channels(context, input);
        Tensor result = !isRelaxed && IsFrozen && context.Mode == Mode.Evaluate
            ? Frozen(context, in decision, channels.Selected, input, ownsInput)
            : Plain(context, in decision, in channels, input, isRelaxed);
        return result.SharesMemoryWith(input) ? result : scope.Keep(result);
    }

    private Decision Channels(Context context, Tensor input)
    {
        if (_channels is null)
        {
            return default;
        }

        Decision channels = _channels.Decide(context, input);
        int universe = _convs[0].Weight.Shape[0];
        bool isRelaxed = context.Decisions == Engine.Execution.Decisions.Relaxed;
        bool fits = isRelaxed
            ? channels.Scores.Exists && channels.Scores.Shape == new Shape(input.Shape[0], universe)
            : channels.Selected.Exists && channels.Selected.Universe == universe && (channels.Selected.Rows == 1 || channels.Selected.Rows == input.Shape[0]);
        if (!fits)
        {
            throw new ArgumentException($"The rule of channels gives scores {(channels.Scores.Exists ? channels.Scores.Shape : "none")} and selects {channels.Selected}; expected {input.Shape[0]} rows over {universe} channels.", nameof(input));
        }

        if (context.Ledger is not null)
        {
            Shape inner = _convs[0].OutputShape(input.Shape);
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Channels,
                Rows = input.Shape[0],
                Selected = channels.Selected.Exists && channels.Selected.Rows == input.Shape[0] ? channels.Selected : default,
                Scores = channels.Scores,
                UnitMacs = (_convs[0].CountMacs(input.Shape.With(0, 1)) + _convs[1].CountMacs(inner.With(0, 1))) / universe,
            });
        }

        return channels;
    }

    private static void Check(in Decision decision, Shape output, bool isRelaxed)
    {
        Selection selected = decision.Selected;
        if (!selected.Exists || selected.Rows != output[0] || selected.Universe != output[1] * output[2])
        {
            throw new ArgumentException(
                $"The decision selects {(selected.Exists ? selected : "nothing")}; expected {output[0]} rows over {output[1]} x {output[2]} pixels.", nameof(decision));
        }

        if (isRelaxed && (!decision.Scores.Exists || decision.Scores.Shape != new Shape(output[0], output[1], output[2])))
        {
            throw new ArgumentException(
                $"The scores of the decision have {(decision.Scores.Exists ? $"shape {decision.Scores.Shape}" : "no shape")}; expected {new Shape(output[0], output[1], output[2])}.", nameof(decision));
        }
    }

    // The training form, and the hard one before the block is frozen.
    private Tensor Plain(Context context, in Decision decision, in Decision channels, Tensor input, bool isRelaxed)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        BranchSelections needed = new(context.Workspace, _convs, input.Shape, decision.Selected);
        Tensor branch = input;
        for (int i = 0; i < _convs.Length; i++)
        {
            bool isLast = i == _convs.Length - 1;
            Conv2dSelection selection = isRelaxed ? default : new() { Pixels = needed[i] };
            Tensor sums = context.Conv2d(
                branch, _convs[i].Weight.Value, _convs[i].Bias?.Value ?? default, _convs[i].GeometryOf(branch.Shape), in selection, _convs[i].Packed);
            Activation activation = isLast ? Activation.None : Activation.Relu;
            branch = _norms[i] is { } norm
                ? norm.Forward(context, sums, activation, needed[i])
                : isLast ? sums : context.Relu(sums);
            if (i == 0 && _channels is not null)
            {
                branch = isRelaxed
                    ? context.MaskMultiply(branch, channels.Scores.Reshape(new Shape(branch.Shape[0], 1, 1, branch.Shape[3])))
                    : context.MaskChannels(branch, channels.Selected);
            }
        }

        branch = isRelaxed ? context.MaskMultiply(branch, decision.Scores) : context.MaskPixels(branch, decision.Selected);
        Tensor total = context.Add(_shortcut is null ? input : _shortcut.Forward(context, input), branch);
        return scope.Keep(_activates ? context.Relu(total) : total);
    }

    private Tensor Frozen(Context context, in Decision decision, Selection channels, Tensor input, bool ownsInput)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Selection selected = decision.Selected;
        bool fillsTiles = decision.Granularity > 0 && decision.Granularity % TileSide == 0;
        if (selected.IsAll || selected.Count == selected.Rows * selected.Universe)
        {
            Tensor whole = Branch(context, default, channels, input, fillsTiles);
            Tensor residual = _shortcut is null ? input : _shortcut.Forward(context, input);
            Conv2dSelection all = new() { InChannels = _convs.Length == 2 ? channels : default };
            return scope.Keep(context.Conv2dFused(whole, _convs[^1].Packed!, _convs[^1].GeometryOf(whole.Shape), Steps(_convs.Length - 1, residual), in all));
        }

        // What is left alone must be rectified too; what comes from another block is already.
        Tensor output = _shortcut is not null ? _shortcut.Forward(context, input)
            : ownsInput ? input
            : _activates ? context.Relu(input)
            : context.Workspace.RentCopy(input.Shape, input.Span);
        if (selected.Count == 0)
        {
            context.Count(input.Shape[0], 0, BranchMacs(input.Shape.With(0, 1)));
            RentBranch(context, input.Shape);
        }
        else
        {
            BranchSelections needed = new(context.Workspace, _convs, input.Shape, selected);
            Tensor branch = Branch(context, in needed, channels, input, fillsTiles);
            Tensor summand = _shortcut is null ? input : output;
            Conv2dSelection last = new() { Pixels = selected, InChannels = _convs.Length == 2 ? channels : default };
            context.Conv2dFusedInto(output, branch, _convs[^1].Packed!, _convs[^1].GeometryOf(branch.Shape), Steps(_convs.Length - 1, summand), in last);
        }

        if (_shortcut is not null && _activates)
        {
            // The active pixels are rectified twice, which changes nothing.
            output = context.Relu(output);
        }

        return output.SharesMemoryWith(input) ? output : scope.Keep(output);
    }

    // The maps that a branch takes, unused: what a session needs is found by a trial, which may well select nothing.
    private void RentBranch(Context context, Shape shape)
    {
        for (int i = 0; i < _convs.Length - 1; i++)
        {
            shape = _convs[i].OutputShape(shape);
            _ = context.Workspace.Rent(shape);
        }
    }

    // All convolutions but the last.
    private Tensor Branch(Context context, in BranchSelections needed, Selection channels, Tensor input, bool fillsTiles)
    {
        Tensor branch = input;
        for (int i = 0; i < _convs.Length - 1; i++)
        {
            // A 1×1 convolution reads the pixels that it computes and no others. Tiles of a larger one read whole patches: where all their pixels are
            // selected, a patch is what their dilation has computed.
            Conv2dSelection selection = new()
            {
                Pixels = needed[i],
                LeavesOthers = fillsTiles || _convs[i + 1].Weight.Shape[2] == 1,
                OutChannels = i == 0 ? channels : default,
                InChannels = i == 1 ? channels : default,
            };
            branch = context.Conv2dFused(branch, _convs[i].Packed!, _convs[i].GeometryOf(branch.Shape), Steps(i, default), in selection);
        }

        return branch;
    }

    private FusedSteps Steps(int index, Tensor residual) => new()
    {
        Scale = _norms[index]?.Scale ?? default,
        Shift = _norms[index]?.Shift ?? _convs[index].Bias!.Value,
        Residual = residual,
        Activation = index < _convs.Length - 1 || _activates ? Activation.Relu : Activation.None,
    };
}
