using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Resolution adaptive network (Yang et al., "Resolution adaptive networks for efficient inference", CVPR 2020): sub-networks of rising resolution, each with
/// exits. Sub-network s begins with the image at its own resolution, takes up the features of sub-network s − 1 block by block, and goes down to the lowest
/// resolution. Easy images leave the first, small one.
/// </summary>
/// <remarks>
/// Deviation: the paper makes the base features of all sub-networks from the full image before anything else; here each sub-network makes its own from the image
/// averaged to its resolution, and only when it runs, so that who leaves early pays nothing for resolutions that were not needed.
/// </remarks>
public sealed class RaNet : StagedNetwork
{
    private const int ImageSlot = 0;

    private readonly RaNetOptions _options;
    private readonly ConvBlock[] _bases;
    private readonly FusionBlock[][] _blocks;
    private readonly Sequential[] _exits;
    private readonly (int Scale, int Block)[] _stages;
    private readonly long[] _stageMacs;
    private readonly int _mostBlocks;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public RaNet(RaNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        int scales = options.Blocks.Length;
        _bases = new ConvBlock[scales];
        _blocks = new FusionBlock[scales][];
        List<Sequential> exits = [];
        List<(int Scale, int Block)> stages = [];
        for (int s = 0; s < scales; s++)
        {
            int level = scales - 1 - s;
            int channels = options.BaseChannels << level;
            _bases[s] = Add("base" + Text(s), new ConvBlock(options.InputChannels, channels, kernel: 3, stride: options.StemStride));
            _blocks[s] = new FusionBlock[options.Blocks[s]];
            _mostBlocks = Math.Max(_mostBlocks, options.Blocks[s]);
            for (int b = 0; b < _blocks[s].Length; b++)
            {
                bool halves = LevelAfter(s, b) > level;
                int low = s > 0 && b < options.Blocks[s - 1] ? options.BaseChannels << LevelAfter(s - 1, b) : 0;
                int growth = options.GrowthRate << level;
                level = LevelAfter(s, b);
                _blocks[s][b] = Add($"scale{Text(s)}_block{Text(b)}", new FusionBlock(channels, growth, options.Layers, low, options.BaseChannels << level, halves));
                channels = options.BaseChannels << level;
                if (b >= _blocks[s].Length - options.ExitsPerScale)
                {
                    exits.Add(Add("exit" + Text(exits.Count), new Sequential(
                        new ConvBlock(channels, options.ClassifierChannels, kernel: 3, stride: 2),
                        new GlobalAveragePool(),
                        new Linear(options.ClassifierChannels, options.Classes))));
                    stages.Add((s, b));
                }
            }
        }

        _exits = [.. exits];
        _stages = [.. stages];
        _stageMacs = CountStages();
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _exits.Length;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <summary>Rows and columns of the image that a sub-network sees.</summary>
    /// <param name="scale">The sub-network, from 0, the lowest resolution.</param>
    public (int Height, int Width) ResolutionOf(int scale)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(scale);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(scale, _blocks.Length);
        int height = _options.Height;
        int width = _options.Width;
        for (int level = _blocks.Length - 1; level > scale; level--)
        {
            height = (height + 1) / 2;
            width = (width + 1) / 2;
        }

        return (height, width);
    }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _stageMacs[stage];

    /// <inheritdoc/>
    public override StageState CreateState() => new(1 + (2 * _mostBlocks));

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, ImageSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        (int scale, int last) = _stages[stage];
        int first = stage > 0 && _stages[stage - 1].Scale == scale ? _stages[stage - 1].Block + 1 : 0;
        for (int block = first; block <= last; block++)
        {
            RunBlock(context, state, scale, block);
        }

        using WorkspaceScope exitScope = context.Workspace.Enter();
        return exitScope.Keep(_exits[stage].Forward(context, EnterExit(context, state, Slot(scale, last), stage)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void RunBlock(Context context, StageState state, int scale, int block)
    {
        FusionBlock layer = _blocks[scale][block];
        Tensor output;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor input = block > 0 ? state[Slot(scale, block - 1)] : Base(context, state, scale);
            output = scope.Keep(layer.Forward(context, input, layer.Fuses ? state[Slot(scale - 1, block)] : default));
        }

        state.Set(context, Slot(scale, block), output);

        // What nothing reads any more need not be regrouped either.
        if (scale > 0)
        {
            state.Set(context, Slot(scale - 1, block), default);
        }

        if (block > 0 && (scale == _blocks.Length - 1 || block - 1 >= _blocks[scale + 1].Length))
        {
            state.Set(context, Slot(scale, block - 1), default);
        }
    }

    private Tensor Base(Context context, StageState state, int scale)
    {
        (int height, int width) = ResolutionOf(scale);
        Tensor image = state[ImageSlot];
        context.RecordSize(_bases[scale].Number, image.Shape[0], height, width, 0);
        Tensor seen = scale == _blocks.Length - 1 ? image : context.AdaptiveAveragePool2d(image, height, width);
        return _bases[scale].Forward(context, seen);
    }

    private int Slot(int scale, int block) => 1 + ((scale & 1) * _mostBlocks) + block;

    // How often the resolution has been halved against the full one: sub-network s starts s halvings above the lowest and makes them up evenly over its blocks.
    private int LevelAfter(int scale, int block)
    {
        int level = _options.Blocks.Length - 1 - scale;
        for (int j = 0; j < scale; j++)
        {
            level += block >= ((j + 1) * _options.Blocks[scale] / (scale + 1)) - 1 ? 1 : 0;
        }

        return level;
    }

    private long[] CountStages()
    {
        long[] macs = new long[_exits.Length];
        Shape[] low = new Shape[_mostBlocks];
        int stage = 0;
        for (int s = 0; s < _blocks.Length; s++)
        {
            (int height, int width) = ResolutionOf(s);
            Shape shape = new(1, height, width, _options.InputChannels);
            macs[stage] += _bases[s].CountMacs(shape);
            shape = _bases[s].OutputShape(shape);
            for (int b = 0; b < _blocks[s].Length; b++)
            {
                macs[stage] += _blocks[s][b].CountMacs(shape, low[b]);
                shape = _blocks[s][b].OutputShape(shape);
                low[b] = shape;
                if (_stages[stage] == (s, b))
                {
                    macs[stage] += _exits[stage].CountMacs(shape);
                    stage++;
                }
            }
        }

        return macs;
    }
}
