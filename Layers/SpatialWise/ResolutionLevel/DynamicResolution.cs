using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// Runs a network at the size that a rule chooses for each image: y = Σ_k s_k·F(x averaged to size k) with one-hot scores s while training, hard the chosen size
/// alone, for the images that chose it side by side (Zhu et al., "Dynamic resolution network", NeurIPS 2021).
/// </summary>
/// <remarks>
/// While training the ledger gets the share of the largest size's cost that each image takes, Σ_k s_k·MACs_k/MACs_max, so that <see
/// cref="Training.Objectives.ComputeBudget"/> bounds the cost itself. Deviation: the paper scales by bilinear interpolation, which reads few of the pixels of a large
/// image; here all of them are averaged.
/// </remarks>
public sealed class DynamicResolution : Layer
{
    private readonly DecisionRule _rule;
    private readonly SizedLayer _network;
    private readonly (int Height, int Width)[] _sizes;

    /// <summary>Makes a layer.</summary>
    /// <param name="rule">Chooses a size for each image.</param>
    /// <param name="network">Runs at any of the sizes and gives the same shape for all of them.</param>
    /// <param name="sizes">Rows and columns of each size, by rising cost.</param>
    /// <exception cref="ArgumentException">There are not as many sizes as the network has.</exception>
    public DynamicResolution(DecisionRule rule, SizedLayer network, params ReadOnlySpan<(int Height, int Width)> sizes)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (sizes.Length != network.SizeCount)
        {
            throw new ArgumentException($"{sizes.Length} sizes were given for a network of {network.SizeCount}; expected as many.", nameof(sizes));
        }

        for (int k = 0; k < sizes.Length; k++)
        {
            (int height, int width) = sizes[k];
            if (height < 1 || width < 1 || (k > 0 && (long)height * width < (long)sizes[k - 1].Height * sizes[k - 1].Width))
            {
                throw new ArgumentException($"Size {k} is {height} x {width}; expected at least one pixel, and no less than before.", nameof(sizes));
            }
        }

        _rule = Add("rule", rule);
        _network = Add("network", network);
        _sizes = sizes.ToArray();
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _network.OutputShape(At(input, _sizes.Length - 1));

    /// <inheritdoc/>
    /// <remarks>Of the largest size, and of the rule.</remarks>
    public override long CountMacs(Shape input) => _rule.CountMacs(input) + _network.CountMacs(At(input, _sizes.Length - 1));

    /// <summary>The MACs of the network at one size, batch included, without the rule.</summary>
    /// <param name="input">The input's shape.</param>
    /// <param name="size">The size's number.</param>
    public long CountMacs(Shape input, int size) => _network.CountMacs(At(input, size));

    /// <summary>Runs one size without asking the rule.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="size">The size's number.</param>
    public Tensor Forward(Context context, Tensor input, int size)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        (int height, int width) = _sizes[size];
        bool fits = input.Shape[1] == height && input.Shape[2] == width;
        Tensor seen = fits ? input : context.AdaptiveAveragePool2d(input, height, width);
        return scope.Keep(_network.Forward(context, seen, size));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Decision decision = _rule.Decide(context, input);
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Record(context, in decision, input.Shape, isHard);
        int samples = input.Shape[0];
        MixtureSum sum = new(context, isHard ? context.MaskOf(decision.Selected) : decision.Scores, OutputShape(input.Shape));
        for (int size = 0; size < _sizes.Length; size++)
        {
            using WorkspaceScope turn = context.Workspace.Enter();
            Selection rows = isHard ? context.Workspace.SelectRowsOf(decision.Selected, size) : Selection.All(1, samples);
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
                // Normalisation at a size is to see what inference shows it: the images that chose it.
                context.ActiveSamples = context.IntersectActive(context.Workspace.SelectRowsOf(decision.Selected, size), active);
            }

            CountSkipped(context, chosen.Shape, size);
            Tensor output = Forward(context, chosen, size);
            context.Samples = outer;
            context.ActiveSamples = active;
            sum.Add(output, rows, size);
        }

        return scope.Keep(sum.Finish());
    }

    private Shape At(Shape input, int size) => input.Rank == 4
        ? new Shape(input[0], _sizes[size].Height, _sizes[size].Width, input[3])
        : throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));

    private void CountSkipped(Context context, Shape input, int size)
    {
        Shape one = input.With(0, 1);
        context.Count(input[0], 0, CountMacs(one, _sizes.Length - 1) - CountMacs(one, size));
    }

    private void Record(Context context, in Decision decision, Shape input, bool isHard)
    {
        if (context.Ledger is null)
        {
            return;
        }

        Shape one = input.With(0, 1);
        long most = CountMacs(one, _sizes.Length - 1);
        context.Record(new DecisionRecord
        {
            Layer = Number,
            Kind = DecisionKind.Resolutions,
            Rows = input[0],
            Selected = decision.Selected,
            Scores = isHard ? decision.Scores : Shares(context, decision.Scores, one, most),
            LogProbabilities = decision.LogProbabilities,
            UnitMacs = isHard ? most / _sizes.Length : most,
            UnitCosts = isHard ? Costs(context, one) : default,
            MostMacs = most,
            Views = isHard ? ViewsOf(context, decision.Selected) : default,
        });
    }

    private Tensor ViewsOf(Context context, Selection chosen)
    {
        Tensor views = context.RentViews(chosen.Rows, 1);
        for (int n = 0; views.Exists && n < chosen.Rows; n++)
        {
            (int height, int width) = _sizes[chosen.IsAll ? 0 : chosen.Row(n)[0]];
            views.SetView(n, new ImageView(0, 0, 1, 1, height, width));
        }

        return views;
    }

    private Tensor Costs(Context context, Shape one)
    {
        Tensor costs = context.Workspace.Rent(new Shape(_sizes.Length));
        for (int size = 0; size < _sizes.Length; size++)
        {
            costs.Span[size] = CountMacs(one, size);
        }

        return costs;
    }

    private Tensor Shares(Context context, Tensor scores, Shape one, long most)
    {
        Tensor costs = context.Workspace.Rent(new Shape(_sizes.Length, 1));
        for (int size = 0; size < _sizes.Length; size++)
        {
            costs.Span[size] = (float)((double)CountMacs(one, size) / most);
        }

        ComputeMeter? meter = context.Meter;
        context.Meter = null;
        Tensor shares = context.MatMul(scores, costs);
        context.Meter = meter;
        return shares.Reshape(new Shape(scores.Shape[0]));
    }
}
