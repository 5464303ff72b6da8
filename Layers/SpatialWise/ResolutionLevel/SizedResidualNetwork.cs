using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// A residual network of basic blocks that is run at several sizes of the image: its weights serve all of them, each size has its own normalisations. [N, H, W, C]
/// to logits [N, classes].
/// </summary>
public sealed class SizedResidualNetwork : SizedLayer
{
    private readonly SizedConvBlock _stem;
    private readonly Block[] _blocks;
    private readonly Linear _classifier;
    private readonly GlobalAveragePool _pool = new();

    /// <summary>Makes a network.</summary>
    /// <param name="sizes">The number of sizes.</param>
    /// <param name="inChannels">Channels of the image.</param>
    /// <param name="stemStride">The stride of the first convolution.</param>
    /// <param name="channels">Channels of each group; each group but the first has half the rows and columns of the one before.</param>
    /// <param name="blocks">Blocks of each group.</param>
    /// <param name="classes">The number of classes.</param>
    public SizedResidualNetwork(int sizes, int inChannels, int stemStride, ReadOnlySpan<int> channels, ReadOnlySpan<int> blocks, int classes)
        : base(sizes)
    {
        if (channels.Length == 0 || channels.Length != blocks.Length)
        {
            throw new ArgumentException($"{channels.Length} widths and {blocks.Length} numbers of blocks were given; expected as many, and at least one.", nameof(blocks));
        }

        _stem = Add("stem", new SizedConvBlock(sizes, inChannels, channels[0], 3, stemStride));
        List<Block> list = [];
        int width = channels[0];
        for (int group = 0; group < channels.Length; group++)
        {
            for (int i = 0; i < blocks[group]; i++)
            {
                list.Add(Add("block" + list.Count.ToString(CultureInfo.InvariantCulture), new Block(sizes, width, channels[group], group > 0 && i == 0 ? 2 : 1)));
                width = channels[group];
            }
        }

        _blocks = [.. list];
        _classifier = Add("classifier", new Linear(width, classes));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        _ = _stem.OutputShape(input);
        return new Shape(input[0], _classifier.Weight.Shape[0]);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = _stem.CountMacs(input);
        Shape shape = _stem.OutputShape(input);
        foreach (Block block in _blocks)
        {
            macs += block.CountMacs(shape);
            shape = block.OutputShape(shape);
        }

        return macs + _classifier.CountMacs(_pool.OutputShape(shape));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input, int size)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = _stem.Forward(context, input, size);
        foreach (Block block in _blocks)
        {
            Tensor next = block.Forward(context, current, size);
            context.Workspace.Recycle(current);
            current = next;
        }

        return scope.Keep(_classifier.Forward(context, context.GlobalAveragePool(current)));
    }

    private sealed class Block : SizedLayer
    {
        private readonly SizedConvBlock _first;
        private readonly SizedConvBlock _second;
        private readonly SizedConvBlock? _shortcut;

        public Block(int sizes, int inChannels, int outChannels, int stride)
            : base(sizes)
        {
            _first = Add("first", new SizedConvBlock(sizes, inChannels, outChannels, 3, stride));
            _second = Add("second", new SizedConvBlock(sizes, outChannels, outChannels, 3));
            _shortcut = stride == 1 && inChannels == outChannels
                ? null
                : Add("shortcut", new SizedConvBlock(sizes, inChannels, outChannels, 1, stride, Activation.None));
        }

        public override Shape OutputShape(Shape input) => _first.OutputShape(input);

        public override long CountMacs(Shape input) =>
            _first.CountMacs(input) + _second.CountMacs(_first.OutputShape(input)) + (_shortcut?.CountMacs(input) ?? 0);

        protected override Tensor Run(Context context, Tensor input, int size)
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor shortcut = _shortcut is null ? input : _shortcut.Forward(context, input, size);
            return scope.Keep(_second.Forward(context, _first.Forward(context, input, size), size, shortcut));
        }
    }
}
