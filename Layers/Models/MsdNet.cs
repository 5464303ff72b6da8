using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Multi-Scale Dense Network: a grid of depth × scale with dense connections, so that coarse features are there from the first layer on, and
/// a classifier on the coarsest scale after each block (Huang et al., "Multi-Scale Dense Networks for Resource Efficient Image
/// Classification", ICLR 2018, sections 3 and 4).
/// </summary>
/// <remarks>
/// Deviations from the paper: batch normalisation follows each convolution (as in the authors' code), the width of the 1×1 convolutions and
/// of the classifiers is configurable, and a classifier ends in global average pooling.
/// </remarks>
public sealed class MsdNet : StagedNetwork
{
    private readonly Layer[] _stem;
    private readonly MsdNetLayer[][] _blocks;
    private readonly Layer[] _exits;
    private readonly long[] _stageMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    public MsdNet(MsdNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        Recipe = options;
        ExitCarry = options.ExitCarry;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);

        int[] channels = new int[options.Scales];
        _stem = new Layer[options.Scales];
        for (int s = 0; s < options.Scales; s++)
        {
            channels[s] = options.BaseChannels * options.GrowthFactors[s];
            _stem[s] = s == 0
                ? Add("stem0", new ConvBlock(options.InputChannels, channels[0], kernel: 3, stride: options.StemStride))
                : Add("stem" + Text(s), new ConvBlock(channels[s - 1], channels[s], kernel: 3, stride: 2));
        }

        _blocks = new MsdNetLayer[options.LayersPerBlock.Length][];
        _exits = new Layer[_blocks.Length];
        int scale = 0;
        int depth = 0;
        for (int b = 0; b < _blocks.Length; b++)
        {
            _blocks[b] = new MsdNetLayer[options.LayersPerBlock[b]];
            for (int l = 0; l < _blocks[b].Length; l++)
            {
                bool drops = options.DropsScales && scale < DroppedScales(options, ++depth);
                MsdNetLayer layer = Add($"block{Text(b)}_layer{Text(l)}", new MsdNetLayer(options, scale, drops, channels));
                _blocks[b][l] = layer;
                scale = layer.OutputScale;
            }

            _exits[b] = Add("exit" + Text(b), Classifier(channels[^1], options));
        }

        _stageMacs = CountStages();
        AssignNumbers();
    }

    /// <summary>The sizes.</summary>
    public MsdNetOptions Options { get; }

    /// <inheritdoc/>
    public override int StageCount => _blocks.Length;

    /// <inheritdoc/>
    public override int ClassCount => Options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _stageMacs[stage];

    /// <inheritdoc/>
    public override StageState CreateState() => new(Options.Scales);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        if (stage == 0)
        {
            Tensor finer = state[0];
            for (int s = 0; s < _stem.Length; s++)
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                finer = scope.Keep(_stem[s].Forward(context, finer));
                state.Set(context, s, finer);
            }
        }

        foreach (MsdNetLayer layer in _blocks[stage])
        {
            layer.Run(context, state);
        }

        using WorkspaceScope exitScope = context.Workspace.Enter();
        return exitScope.Keep(_exits[stage].Forward(context, EnterExit(context, state, Options.Scales - 1, stage)));
    }

    // After layer d of D the finest ⌊d · scales / (D + 1)⌋ scales have been given up: evenly, and never the coarsest.
    private static int DroppedScales(MsdNetOptions options, int depth) =>
        Math.Min(options.Scales - 1, depth * options.Scales / (options.LayerCount + 1));

    private static Sequential Classifier(int channels, MsdNetOptions options) => new(
        new ConvBlock(channels, options.ClassifierChannels, kernel: 3, stride: 2),
        new ConvBlock(options.ClassifierChannels, options.ClassifierChannels, kernel: 3, stride: 2),
        new GlobalAveragePool(),
        new Linear(options.ClassifierChannels, options.Classes));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private long[] CountStages()
    {
        long[] macs = new long[_blocks.Length];
        Shape[] shapes = new Shape[_stem.Length];
        Shape shape = BatchShape(1);
        for (int s = 0; s < _stem.Length; s++)
        {
            macs[0] += _stem[s].CountMacs(shape);
            shape = _stem[s].OutputShape(shape);
            shapes[s] = shape;
        }

        for (int b = 0; b < _blocks.Length; b++)
        {
            foreach (MsdNetLayer layer in _blocks[b])
            {
                macs[b] += layer.CountMacs(shapes);
            }

            macs[b] += _exits[b].CountMacs(shapes[^1]);
        }

        return macs;
    }
}
