using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicWidth;

/// <summary>
/// Blocks that run at a width chosen for each sample: relaxed y = Σ_j s_j·F_j(x) over the widths with one-hot scores s, hard the chosen width alone; channels
/// beyond it are 0 (Li et al., "Dynamic slimmable network", CVPR 2021).
/// </summary>
/// <remarks>
/// Deviation: DS-Net masks channels of one pass at full width while gates are trained; here each width runs with its own normalisation, so that training sees
/// what inference computes.
/// </remarks>
public sealed class SlimmableStage : Layer
{
    private readonly WidthGate _gate;
    private readonly SlimmableConvBlock[] _blocks;
    private readonly int _inChannels;

    /// <summary>Makes a stage.</summary>
    /// <param name="gate">Chooses the width.</param>
    /// <param name="inChannels">Channels of an input of full width.</param>
    /// <param name="blocks">One after another; all have as many output widths, and those behind the first take what those before give.</param>
    public SlimmableStage(WidthGate gate, int inChannels, params ReadOnlySpan<SlimmableConvBlock> blocks)
    {
        if (blocks.Length == 0)
        {
            throw new ArgumentException("A stage was given no block; expected at least one.", nameof(blocks));
        }

        _gate = Add("gate", gate);
        _inChannels = inChannels;
        _blocks = blocks.ToArray();
        for (int i = 0; i < _blocks.Length; i++)
        {
            if (_blocks[i].WidthCount != _blocks[0].WidthCount)
            {
                throw new ArgumentException($"Block {i} has {_blocks[i].WidthCount} widths; expected {_blocks[0].WidthCount}, as the first.", nameof(blocks));
            }

            Add("block" + i.ToString(CultureInfo.InvariantCulture), _blocks[i]);
        }
    }

    /// <summary>The number of widths.</summary>
    public int WidthCount => _blocks[0].WidthCount;

    /// <summary>Channels of a width's output.</summary>
    /// <param name="width">The width's number.</param>
    public int ChannelsOf(int width) => _blocks[^1].ChannelsOf(width);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        foreach (SlimmableConvBlock block in _blocks)
        {
            input = block.OutputShape(input);
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _gate.CountMacs(input) + BlockMacs(input);

    /// <summary>Runs one width without asking the gate.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, channels of the input width].</param>
    /// <param name="inWidth">The input width's number.</param>
    /// <param name="width">The number of the width to run.</param>
    /// <returns>[N, H′, W′, channels of the width].</returns>
    public Tensor Forward(Context context, Tensor input, int inWidth, int width)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = input;
        for (int i = 0; i < _blocks.Length; i++)
        {
            current = _blocks[i].Forward(context, current, i == 0 ? inWidth : width, width);
        }

        return scope.Keep(current);
    }

    /// <summary>Asks the gate and runs what it chose, for one sample of any width.</summary>
    /// <param name="context">The context, with hard decisions.</param>
    /// <param name="input">[1, H, W, channels of the input width].</param>
    /// <param name="inWidth">The input width's number.</param>
    /// <param name="width">The number of the width that was chosen.</param>
    /// <returns>[1, H′, W′, channels of the width].</returns>
    public Tensor ForwardChosen(Context context, Tensor input, int inWidth, out int width)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        int channels = input.Shape[3];
        Selection has = channels == _inChannels ? default : context.Workspace.SelectFirst(_inChannels, [channels]);
        Decision decision = _gate.Decide(context, input, has);
        width = decision.Selected.Indices[0];
        Record(context, in decision, input.Shape.With(3, _inChannels));
        return scope.Keep(Forward(context, input, inWidth, width));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = _gate.Decide(context, input);
        Record(context, in decision, input.Shape);
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Tensor weights = isHard ? context.MaskOf(decision.Selected) : decision.Scores;
        MixtureSum sum = new(context, weights, OutputShape(input.Shape));
        for (int width = 0; width < WidthCount; width++)
        {
            using WorkspaceScope turn = context.Workspace.Enter();
            Selection rows = isHard ? context.Workspace.SelectRowsOf(decision.Selected, width) : Selection.All(1, input.Shape[0]);
            if (rows.IsEmpty)
            {
                continue;
            }

            Selection outer = context.Samples;
            Selection active = context.ActiveSamples;
            Tensor chosen = context.GatherSamples(input, rows);
            context.Samples = context.Workspace.Nest(outer, rows);
            if (!isHard && context.Mode == Mode.Train)
            {
                // Normalisation of a width is to see what inference shows it: the samples that chose it.
                context.ActiveSamples = context.IntersectActive(context.Workspace.SelectRowsOf(decision.Selected, width), active);
            }

            Tensor output = Forward(context, chosen, _blocks[0].InWidthCount - 1, width);
            context.Samples = outer;
            context.ActiveSamples = active;
            sum.Add(Widen(context, output, ChannelsOf(WidthCount - 1)), rows, width);
        }

        return scope.Keep(sum.Finish());
    }

    /// <summary>Channels of zeros behind those that there are.</summary>
    internal static Tensor Widen(Context context, Tensor maps, int channels) =>
        maps.Shape[3] == channels ? maps : context.Pad(maps, [0, 0, 0, 0], [0, 0, 0, channels - maps.Shape[3]]);

    /// <summary>
    /// What nested widths use of the groups of channels that each width adds: a width's score counts for its own group and those before, m_g = Σ_{j ≥ g} s_j.
    /// </summary>
    internal static Tensor NestedScores(Context context, Tensor scores)
    {
        int widths = scores.Shape[1];
        Tensor triangle = context.Workspace.RentZeros(new Shape(widths, widths));
        for (int j = 0; j < widths; j++)
        {
            triangle.Span.Slice(j * widths, j + 1).Fill(1);
        }

        ComputeMeter? meter = context.Meter;
        context.Meter = null;
        Tensor nested = context.MatMul(scores, triangle);
        context.Meter = meter;
        return nested;
    }

    private long BlockMacs(Shape input)
    {
        long macs = 0;
        foreach (SlimmableConvBlock block in _blocks)
        {
            macs += block.CountMacs(input);
            input = block.OutputShape(input);
        }

        return macs;
    }

    private void Record(Context context, in Decision decision, Shape input)
    {
        if (context.Ledger is null)
        {
            return;
        }

        Span<int> counts = stackalloc int[Math.Min(256, input[0])];
        counts = input[0] <= counts.Length ? counts : new int[input[0]];
        for (int row = 0; row < counts.Length; row++)
        {
            counts[row] = decision.Selected.Row(row)[0] + 1;
        }

        context.Record(new DecisionRecord
        {
            Layer = Number,
            Kind = DecisionKind.Channels,
            Rows = input[0],
            Selected = context.Workspace.SelectFirst(WidthCount, counts),
            Scores = NestedScores(context, decision.Scores),
            UnitMacs = BlockMacs(input.With(0, 1)) / WidthCount,
        });
    }
}
