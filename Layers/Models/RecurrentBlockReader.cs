using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>Recurrent layers; the state is that after the last step read, and answers are made from the uppermost hidden units.</summary>
internal sealed class RecurrentBlockReader : BlockReader
{
    private readonly RecurrentLayer _layer;
    private readonly int _inFeatures;

    public RecurrentBlockReader(EarlyStopOptions options, int inFeatures)
    {
        _inFeatures = inFeatures;
        _layer = Add<RecurrentLayer>("layers", options.Trunk == EarlyStopTrunk.Gru ? new Gru(inFeatures, options.Units, options.Layers) : new Lstm(inFeatures, options.Units, options.Layers));
        Offset = _layer.StateWidth / options.Layers * (options.Layers - 1);
    }

    public override int Slots => 1;

    public override int Features => _layer.Units;

    public override int MemoryLength => _layer.StateWidth;

    private int Offset { get; }

    public override long MacsOf(int steps) => _layer.CountMacs(new Shape(1, steps, _inFeatures));

    public override void Begin(Context context, Span<Tensor> memory, int samples) => memory[0] = context.Workspace.RentZeros(new Shape(samples, _layer.StateWidth));

    public override void Read(Context context, Span<Tensor> memory, Tensor block, Selection steps) =>
        _ = _layer.Forward(context, block, steps, memory[0], out memory[0]);

    public override Tensor FeaturesOf(Context context, Tensor slot) => context.Slice(slot, 1, Offset, _layer.Units);
}
