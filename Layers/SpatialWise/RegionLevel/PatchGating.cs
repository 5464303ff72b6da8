using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Runs an expensive network on those tiles of a large image that a cheap one finds worth it: the image is averaged to a small one, m = scout(small), tile t of
/// n × n runs where l_t = w·(m averaged over the tile) + b is above 0, and y = [GAP(m), Σ_t g_t·f(tile t)/max(1, Σ_t g_t)], or where places are kept
/// [GAP(m), g_1·f(tile 1), g_2·f(tile 2), …]. [N, H, W, C] to [N, scout's channels + f's features], or n² times as many of these.
/// </summary>
/// <remarks>
/// At inference tiles that are not chosen are read for the small image only, and an image of which no tile is chosen is judged by the small one alone. An image whose size does
/// not divide by n has zeros beyond its right and lower border. While training all tiles run and g is relaxed; normalisations take their statistics over all tiles.
/// </remarks>
public sealed class PatchGating : Layer
{
    private readonly Layer _scout;
    private readonly Layer _patch;
    private readonly Linear _gate;
    private readonly BinaryRelaxation _relaxation;
    private readonly int _tiles;
    private readonly int _scoutHeight;
    private readonly int _scoutWidth;
    private readonly bool _keepsPlaces;

    /// <summary>Makes a layer.</summary>
    /// <param name="scout">Looks at the small image: [N, scoutHeight, scoutWidth, C] to a map of features.</param>
    /// <param name="scoutChannels">Channels of that map.</param>
    /// <param name="scoutHeight">Rows of the small image.</param>
    /// <param name="scoutWidth">Columns of the small image.</param>
    /// <param name="patch">f: a tile to [N, features].</param>
    /// <param name="tiles">n, tiles in each direction.</param>
    /// <param name="relaxation">How gates are trained; none: Gumbel, hard forward.</param>
    /// <param name="keepsPlaces">Whether the features of tiles stand side by side, for things of which it matters where they are; else their mean.</param>
    public PatchGating(
        Layer scout, int scoutChannels, int scoutHeight, int scoutWidth, Layer patch, int tiles, BinaryRelaxation? relaxation = null, bool keepsPlaces = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scoutHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scoutWidth, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(tiles, 1);
        _scout = Add("scout", scout);
        _patch = Add("patch", patch);
        _gate = Add("gate", new Linear(scoutChannels, 1));
        _relaxation = relaxation ?? new GumbelSigmoidRelaxation();
        _tiles = tiles;
        _scoutHeight = scoutHeight;
        _scoutWidth = scoutWidth;
        _keepsPlaces = keepsPlaces;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) =>
        new(input[0], _gate.Weight.Shape[1] + ((_keepsPlaces ? _tiles * _tiles : 1) * _patch.OutputShape(Tile(input, 1))[1]));

    /// <inheritdoc/>
    /// <remarks>Of all tiles.</remarks>
    public override long CountMacs(Shape input)
    {
        Shape small = new(input[0], _scoutHeight, _scoutWidth, input[3]);
        long gates = (long)input[0] * _tiles * _tiles * _gate.Weight.Shape[1];
        return _scout.CountMacs(small) + gates + (input[0] * _tiles * _tiles * _patch.CountMacs(Tile(input, 1)));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = input.Shape[0];
        int count = _tiles * _tiles;
        Tensor map = _scout.Forward(context, context.AdaptiveAveragePool2d(input, _scoutHeight, _scoutWidth));
        Tensor logits = _gate.Forward(context, context.AdaptiveAveragePool2d(map, _tiles, _tiles)).Reshape(new Shape(samples, count));
        Decision decision = context.DecideUnits(logits, _relaxation, this);
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Shape tile = Tile(input.Shape, 1);
        context.Record(new DecisionRecord
        {
            Layer = Number,
            Kind = DecisionKind.Regions,
            Rows = samples,
            Selected = decision.Selected,
            Scores = decision.Scores,
            LogProbabilities = decision.LogProbabilities,
            UnitMacs = _patch.CountMacs(tile),
            MapHeight = _tiles,
            MapWidth = _tiles,
        });
        Tensor gates = isHard ? context.MaskOf(decision.Selected) : decision.Scores;
        int width = _patch.OutputShape(tile)[1];
        Tensor tiles = RunTiles(context, input, gates, isHard);
        if (_keepsPlaces)
        {
            return scope.Keep(context.Concat(1, context.GlobalAveragePool(map), tiles.Reshape(new Shape(samples, count * width))));
        }

        Tensor features = tiles.Reshape(new Shape(samples, count, width));
        Tensor chosen = context.Clamp(context.Sum(gates, 1, keep: true), 1, float.MaxValue);
        Tensor mean = context.Divide(context.Sum(features, 1), chosen);
        return scope.Keep(context.Concat(1, context.GlobalAveragePool(map), mean));
    }

    // [N · n · n, features]: g·f of each tile, 0 of those that do not run.
    private Tensor RunTiles(Context context, Tensor input, Tensor gates, bool isHard)
    {
        Shape tile = Tile(input.Shape, 1);
        Selection rows = isHard ? context.SelectLikely(gates, 1) : Selection.All(1, gates.Count);
        Count(context, gates, isHard, tile);
        if (rows.IsEmpty)
        {
            return context.Workspace.RentZeros(new Shape(gates.Count, _patch.OutputShape(tile)[1]));
        }

        // Rows are tiles in there, of which a sample may have several: what they cost is counted here.
        ComputeMeter? meter = context.Meter;
        Selection samples = context.Samples;
        context.Meter = null;
        context.Samples = default;
        Tensor features;
        try
        {
            bool copies = context.Tape is null && !rows.IsAll;
            features = _patch.Forward(context, copies ? CopyTiles(context, input, rows) : context.GatherSamples(Cut(context, input), rows));
        }
        finally
        {
            context.Meter = meter;
            context.Samples = samples;
        }

        return isHard ? context.ScatterSamples(features, rows) : context.MaskMultiply(features, gates.Reshape(new Shape(gates.Count)));
    }

    private void Count(Context context, Tensor gates, bool isHard, Shape tile)
    {
        if (context.Meter is null)
        {
            return;
        }

        using MeterTurn turn = new(context, _patch);
        long macs = _patch.CountMacs(tile);
        int count = gates.Shape[1];
        for (int n = 0; n < gates.Shape[0]; n++)
        {
            int chosen = isHard ? count - gates.Span.Slice(n * count, count).Count(0f) : count;
            context.CountRow(n, chosen * macs, count * macs);
        }
    }

    // The chosen tiles alone are read; what of them lies beyond the image is 0.
    private Tensor CopyTiles(Context context, Tensor input, Selection rows)
    {
        Shape shape = input.Shape;
        Shape tile = Tile(shape, rows.Count);
        Tensor output = context.Workspace.RentZeros(tile);
        int line = shape[2] * shape[3];
        int tileLine = tile[2] * shape[3];
        for (int place = 0; place < rows.Count; place++)
        {
            int index = rows.Indices[place];
            int sample = index / (_tiles * _tiles);
            int top = index / _tiles % _tiles * tile[1];
            int left = index % _tiles * tileLine;
            int length = Math.Min(tileLine, line - left);
            for (int y = 0; y < tile[1] && top + y < shape[1] && length > 0; y++)
            {
                ReadOnlySpan<float> from = input.Span.Slice((((sample * shape[1]) + top + y) * line) + left, length);
                from.CopyTo(output.Span[(((place * tile[1]) + y) * tileLine)..]);
            }
        }

        return output;
    }

    private Tensor Cut(Context context, Tensor input)
    {
        Shape tile = Tile(input.Shape, input.Shape[0] * _tiles * _tiles);
        int height = tile[1] * _tiles;
        int width = tile[2] * _tiles;
        bool fits = height == input.Shape[1] && width == input.Shape[2];
        Tensor whole = fits ? input : context.Pad(input, [0, 0, 0, 0], [0, height - input.Shape[1], width - input.Shape[2], 0]);
        Tensor parts = whole.Reshape(new Shape(input.Shape[0], _tiles, tile[1], _tiles, tile[2], input.Shape[3]));
        return context.Permute(parts, 0, 1, 3, 2, 4, 5).Reshape(tile);
    }

    private Shape Tile(Shape input, int rows) => input.Rank == 4
        ? new Shape(rows, (input[1] + _tiles - 1) / _tiles, (input[2] + _tiles - 1) / _tiles, input[3])
        : throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));
}
