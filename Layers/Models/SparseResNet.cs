using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Gates;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A residual network whose blocks run on the pixels that their mask units choose (Verelst and Tuytelaars, "Dynamic convolutions: exploiting spatial sparsity
/// for faster inference", CVPR 2020): stem, groups of <see cref="SparseResidualBlock"/>, each group but the first at half the size of the one before, mean
/// over the pixels, classifier. It is one stage. With gates for channels too it is a dual-gated network (Li et al., "Dynamic dual gating neural networks", ICCV 2021). How much it computes is the business of the objective.
/// </summary>
/// <remarks>At inference a block adds its branch to the map that it was given, in place: pixels that no block chooses are never touched again.</remarks>
public sealed class SparseResNet : StagedNetwork
{
    private readonly Sequential _stem;
    private readonly SparseResidualBlock[] _blocks;
    private readonly GlobalAveragePool _pool = new();
    private readonly Linear _classifier;

    /// <summary>Makes a network.</summary>
    /// <param name="options">The sizes.</param>
    /// <param name="rules">Makes the rule of a block from its input's channels, its stride, and the rows and columns of its output; none: mask units.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public SparseResNet(SparseResNetOptions options, Func<int, int, int, int, DecisionRule>? rules = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Recipe = rules is null ? options : null;
        ClassCount = options.Classes;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        int width = options.Expansion == 0 ? options.Channels[0] : options.Channels[0] / options.Expansion;
        _stem = Add("stem", options.HasLargeStem
            ? new Sequential(new ConvBlock(options.InputChannels, width, 7, 2), new MaxPool2d(3, 2, 1))
            : new Sequential(new ConvBlock(options.InputChannels, width, 3, options.StemStride)));
        List<SparseResidualBlock> blocks = [];
        Shape shape = _stem.OutputShape(BatchShape(1));
        for (int group = 0; group < options.Channels.Length; group++)
        {
            for (int i = 0; i < options.Blocks[group]; i++)
            {
                int stride = group > 0 && i == 0 ? 2 : 1;
                int height = (shape[1] + stride - 1) / stride;
                int columns = (shape[2] + stride - 1) / stride;
                DecisionRule rule = rules?.Invoke(shape[3], stride, height, columns) ?? new MaskUnit(shape[3], stride, options.GranularityOf(height, columns), noiseShare: options.NoiseShare, denseShare: options.DenseShare);
                int inner = options.Expansion == 0 ? 0 : options.Channels[group] / options.Expansion;

                // Of few groups of channels noise would take half of the width at once, from which short training does not recover.
                ChannelGate? gate = options.ChannelGroup == 0
                    ? null
                    : new ChannelGate(shape[3], inner == 0 ? options.Channels[group] : inner, options.ChannelGroup, relaxation: new SigmoidRelaxation());
                SparseResidualBlock block = new(shape[3], options.Channels[group], rule, stride, inner, channels: gate);
                blocks.Add(Add(FormattableString.Invariant($"block{blocks.Count}"), block));
                shape = block.OutputShape(shape);
            }
        }

        _blocks = [.. blocks];
        Add("pool", _pool);
        _classifier = Add("classifier", new Linear(shape[3], options.Classes));
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => 1;

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    /// <remarks>Of all pixels, and the rules' own.</remarks>
    public override long StageMacs(int stage)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(stage, 0);
        Shape shape = BatchShape(1);
        long macs = _stem.CountMacs(shape);
        shape = _stem.OutputShape(shape);
        foreach (SparseResidualBlock block in _blocks)
        {
            macs += block.CountMacs(shape) + (block.Rule?.CountMacs(shape) ?? 0) + (block.ChannelRule?.CountMacs(shape) ?? 0);
            shape = block.OutputShape(shape);
        }

        return macs + _classifier.CountMacs(_pool.OutputShape(shape));
    }

    /// <inheritdoc/>
    public override StageState CreateState() => new(1);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = _stem.Forward(context, state[0]);
        foreach (SparseResidualBlock block in _blocks)
        {
            Tensor next = block.ForwardOwned(context, current);

            // Nobody else has seen it; while a tape records the workspace keeps it all the same.
            if (!next.SharesMemoryWith(current))
            {
                context.Workspace.Recycle(current);
            }

            current = next;
        }

        return scope.Keep(_classifier.Forward(context, _pool.Forward(context, current)));
    }
}
