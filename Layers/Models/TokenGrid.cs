using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A small vision transformer that starts with few coarse tokens and answers; for whoever is not sure it splits the coarse tokens to which most attention went into
/// four fine ones each and runs again, with what the first run found added to every token (Chen et al., "CF-ViT: a general coarse-to-fine method for vision
/// transformer", AAAI 2023).
/// </summary>
/// <remarks>
/// Both stages share all weights but the layer that hands features on. Deviations: the answer comes from the mean of the tokens and not from a class token, and the
/// attention that counts is what a token gets from all others in the last layer, where the paper averages the class token's over layers.
/// </remarks>
public sealed class TokenGrid : StagedNetwork
{
    private const int ImageSlot = 0;
    private const int EmbeddedSlot = 1;
    private const int FoundSlot = 2;
    private const int AttentionSlot = 3;

    private readonly TokenGridOptions _options;
    private readonly PatchTokens _tokens;
    private readonly TransformerEncoderLayer[] _layers;
    private readonly LayerNorm _norm;
    private readonly Linear _reuse;
    private readonly Linear _classifier;
    private readonly long[] _stageMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public TokenGrid(TokenGridOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        _tokens = Add("tokens", new PatchTokens(options.InputChannels, options.Grid, options.Patch, options.TokenWidth));
        _layers = new TransformerEncoderLayer[options.Layers];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Add("layer" + i.ToString(CultureInfo.InvariantCulture), new TransformerEncoderLayer(
                options.TokenWidth, options.Heads, options.Hidden, ActivationFunction.Gelu, dropout: 0, hasNormsFirst: true));
        }

        _norm = Add("norm", new LayerNorm(options.TokenWidth));
        _reuse = Add("reuse", new Linear(options.TokenWidth, options.TokenWidth) { StartsAtZero = true });
        _classifier = Add("classifier", new Linear(options.TokenWidth, options.Classes));
        int coarse = options.Grid * options.Grid;
        long answer = _classifier.CountMacs(new Shape(1, options.TokenWidth));
        _stageMacs =
        [
            (coarse * _tokens.TokenMacs) + LayerMacs(coarse) + answer,
            (4 * options.Split * _tokens.TokenMacs) + _reuse.CountMacs(new Shape(1, coarse, options.TokenWidth)) + LayerMacs(coarse + (3 * options.Split)) + answer,
        ];
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => 2;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _stageMacs[stage];

    /// <inheritdoc/>
    public override StageState CreateState() => new(4);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, ImageSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Tensor sequence;
        Tensor found;
        Tensor attention;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            sequence = stage == 0 ? _tokens.Coarse(context, state[ImageSlot]) : Split(context, state);
            scope.Keep(sequence);
            found = sequence;
            attention = default;
            for (int i = 0; i < _layers.Length; i++)
            {
                // Only the last layer before a split is asked where attention goes.
                found = stage == 0 && i == _layers.Length - 1
                    ? _layers[i].Forward(context, found, default, out attention)
                    : _layers[i].Forward(context, found);
            }

            found = scope.Keep(_norm.Forward(context, found));
            attention = attention.Exists ? scope.Keep(attention) : attention;
        }

        if (stage == 0)
        {
            state.Set(context, EmbeddedSlot, sequence);
            state.Set(context, FoundSlot, found);
            state.Set(context, AttentionSlot, attention);
        }

        using WorkspaceScope answer = context.Workspace.Enter();
        return answer.Keep(_classifier.Forward(context, context.Mean(found, 1)));
    }

    // The coarse tokens that stay, and then the fine ones of those that are split.
    private Tensor Split(Context context, StageState state)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = state[ImageSlot].Shape[0];
        int grid = _options.Grid;
        int coarse = grid * grid;
        Selection split = context.Workspace.SelectTop(samples, coarse, state[AttentionSlot].Span, _options.Split);
        context.Record(new DecisionRecord
        {
            Layer = _tokens.Number,
            Kind = DecisionKind.Tokens,
            Rows = samples,
            Selected = split,
            UnitMacs = _stageMacs[1] / coarse,
            MapHeight = grid,
            MapWidth = grid,
        });
        Tensor handed = _reuse.Forward(context, state[FoundSlot]);
        Selection fine = context.Workspace.RefinePixels(split, 2 * grid, 2 * grid, 2);
        Tensor spread = context.Resize(handed.Reshape(new Shape(samples, grid, grid, _options.TokenWidth)), 2 * grid, 2 * grid, ResizeMode.Nearest);
        Tensor splitTokens = _tokens.Fine(context, state[ImageSlot], fine);
        splitTokens = context.Add(splitTokens, context.GatherPixels(spread, fine).Reshape(splitTokens.Shape));
        int staying = coarse - _options.Split;
        if (staying == 0)
        {
            return scope.Keep(splitTokens);
        }

        Tensor all = context.Add(state[EmbeddedSlot], handed).Reshape(new Shape(samples, grid, grid, _options.TokenWidth));
        Tensor stay = context.GatherPixels(all, context.Workspace.Complement(split)).Reshape(new Shape(samples, staying, _options.TokenWidth));
        return scope.Keep(context.Concat(1, stay, splitTokens));
    }

    private long LayerMacs(int tokens)
    {
        long macs = 0;
        foreach (TransformerEncoderLayer layer in _layers)
        {
            macs += layer.CountMacs(new Shape(1, tokens, _options.TokenWidth));
        }

        return macs;
    }
}
