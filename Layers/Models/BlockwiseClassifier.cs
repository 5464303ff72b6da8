using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>The network of <see cref="EarlyStopNet"/>: a stage reads a block of steps and answers; all answers come from one classifier.</summary>
internal sealed class BlockwiseClassifier : StagedNetwork, IStepwise
{
    // The sequences, and the steps of each sample, [N, 1].
    private const int Sequence = 0;
    private const int Lengths = 1;

    // Where what the reader remembers begins.
    private const int First = 2;

    private readonly EarlyStopOptions _options;
    private readonly Embedding? _embedding;
    private readonly BlockReader _reader;
    private readonly Linear _head;
    private readonly ExitGate? _gate;

    public BlockwiseClassifier(EarlyStopOptions options)
    {
        _options = options;
        bool isText = options.Vocabulary > 0;
        _embedding = isText ? Add("embedding", new Embedding(options.Vocabulary, options.Embedding, SequenceLengths.Padding, unknown: Math.Min(1, options.Vocabulary - 1))) : null;
        int width = isText ? options.Embedding : options.Features;
        _reader = Add<BlockReader>("reader", options.Trunk == EarlyStopTrunk.Convolution
            ? new CausalBlockReader(options, width)
            : new RecurrentBlockReader(options, width));
        _head = Add("head", new Linear(_reader.Features, options.Classes));

        // It sees the share of the steps that were read, too.
        _gate = HasExitGates ? Add("gate", new ExitGate(_reader.Features + 1, options.Rule == EarlyStopRule.Policy, start: -1)) : null;
        AssignNumbers();
    }

    public override int StageCount => _options.Blocks;

    public override int ClassCount => _options.Classes;

    public override Shape SampleShape => _options.SampleShape;

    public override bool HasExitGates => _options.Rule != EarlyStopRule.Confidence && _options.Blocks > 1;

    /// <summary>An identifier, or the features of a step.</summary>
    public Shape StepShape => new(_embedding is null ? _options.Features : 1);

    public int StepLimit => _options.Length;

    public int StateLength => _reader.MemoryLength;

    public override long StageMacs(int stage) =>
        _reader.MacsOf(StepsOf(stage)) + _head.CountMacs(new Shape(1, _reader.Features)) + (HasGate(stage) ? _gate!.Macs : 0);

    public override StageState CreateState() => new(First + _reader.Slots);

    /// <summary>The exit at the end of a block.</summary>
    public int ExitAt(int position) => (position + 1) % _options.BlockSteps == 0 || position == _options.Length - 1 ? position / _options.BlockSteps : ~(position / _options.BlockSteps);

    public StepAnswer Step(Context context, Tensor input, Tensor state, int position)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        BlockReader.Memory room = default;
        Span<Tensor> memory = ((Span<Tensor>)room)[.._reader.Slots];
        _reader.Begin(context, memory, 1);
        Move(memory, state, isSaving: false);
        Tensor block = _embedding is null ? input.Reshape(new Shape(1, 1, _options.Features)) : _embedding.Forward(context, input.Reshape(new Shape(1, 1)));
        _reader.Read(context, memory, block, default);
        Move(memory, state, isSaving: true);
        Tensor features = _reader.FeaturesOf(context, memory[0]);
        int exit = ExitAt(position);
        float certainty = exit >= 0 && HasGate(exit) ? _gate!.Decide(context, WithShare(context, features, exit)).Span[0] : float.NaN;
        return new StepAnswer(scope.Keep(_head.Forward(context, features)), IsRead: true, certainty);
    }

    protected override void OnStart(Context context, Tensor input, StageState state)
    {
        int samples = input.Shape[0];
        Tensor lengths = context.Workspace.Rent(new Shape(samples, 1));
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Selection steps = context.LengthsOf(input);
            for (int n = 0; n < samples; n++)
            {
                lengths.Span[n] = steps.IsAll ? _options.Length : steps.RowCount(n);
            }
        }

        state.Set(context, Sequence, input);
        state.Set(context, Lengths, lengths);
        BlockReader.Memory room = default;
        Span<Tensor> memory = ((Span<Tensor>)room)[.._reader.Slots];
        _reader.Begin(context, memory, samples);
        Put(context, state, memory);
    }

    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Read(context, state, stage * _options.BlockSteps, StepsOf(stage));
        Tensor slot = EnterExit(context, state, First, stage);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor features = _reader.FeaturesOf(context, slot);
        if (HasGate(stage))
        {
            _ = scope.Keep(_gate!.Tell(context, state, WithShare(context, features, stage), StageMacs(stage + 1)));
        }

        return scope.Keep(_head.Forward(context, Drop(context, features, stage)));
    }

    private bool HasGate(int stage) => _gate is not null && stage < StageCount - 1;

    private int StepsOf(int stage) => Math.Min(_options.BlockSteps, _options.Length - (stage * _options.BlockSteps));

    private void Read(Context context, StageState state, int first, int count)
    {
        BlockReader.Memory room = default;
        Span<Tensor> memory = ((Span<Tensor>)room)[.._reader.Slots];
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Selection steps = StepsIn(context, state, first, count);
            Note(context, state, first, count);
            if (!steps.IsAll && steps.IsEmpty && context.Tape is null)
            {
                context.Count(state.Rows, 0, _reader.MacsOf(count));
                return;
            }

            for (int i = 0; i < memory.Length; i++)
            {
                memory[i] = state[First + i];
            }

            Tensor block = context.Slice(state[Sequence], 1, first, count);
            _reader.Read(context, memory, _embedding is null ? block : _embedding.Forward(context, block), steps);
            foreach (ref Tensor tensor in memory)
            {
                tensor = tensor.Exists ? scope.Keep(tensor) : tensor;
            }
        }

        Put(context, state, memory);
    }

    private Tensor WithShare(Context context, Tensor features, int stage)
    {
        Tensor share = context.Workspace.Rent(new Shape(features.Shape[0], 1));
        share.Span.Fill((float)(stage + 1) / StageCount);
        return context.Concat(1, features, share);
    }

    // What is remembered of one sample, one tensor behind the other.
    private static void Move(ReadOnlySpan<Tensor> memory, Tensor state, bool isSaving)
    {
        int start = 0;
        foreach (Tensor tensor in memory)
        {
            if (tensor.Exists)
            {
                Span<float> part = state.Span.Slice(start, tensor.Count);
                Span<float> values = tensor.Span;
                (isSaving ? values : part).CopyTo(isSaving ? part : values);
                start += tensor.Count;
            }
        }
    }

    private static void Put(Context context, StageState state, ReadOnlySpan<Tensor> memory)
    {
        for (int i = 0; i < memory.Length; i++)
        {
            state.Set(context, First + i, memory[i]);
        }
    }

    private static Selection StepsIn(Context context, StageState state, int first, int count)
    {
        int samples = state.Rows;
        Tensor mask = context.Workspace.RentZeros(new Shape(samples, count));
        bool isFull = true;
        for (int n = 0; n < samples; n++)
        {
            int own = Math.Clamp((int)state[Lengths].Span[n] - first, 0, count);
            mask.Span.Slice(n * count, own).Fill(1);
            isFull &= own == count;
        }

        return isFull ? Selection.All(samples, count) : context.Workspace.SelectAtLeast(samples, count, mask.Span, 0.5f);
    }

    // The steps of the block that samples have, among all steps: what was read of them is told block by block.
    private void Note(Context context, StageState state, int first, int count)
    {
        if (context.Ledger is null || context.Decisions != Engine.Execution.Decisions.Hard)
        {
            return;
        }

        Tensor mask = context.Workspace.RentZeros(new Shape(state.Rows, _options.Length));
        for (int n = 0; n < state.Rows; n++)
        {
            mask.Span.Slice((n * _options.Length) + first, Math.Clamp((int)state[Lengths].Span[n] - first, 0, count)).Fill(1);
        }

        Selection selected = context.Workspace.SelectAtLeast(state.Rows, _options.Length, mask.Span, 0.5f);
        context.Record(new DecisionRecord { Layer = _reader.Number, Kind = DecisionKind.Steps, Rows = state.Rows, Selected = selected, UnitMacs = _reader.MacsOf(1) });
    }

    private Tensor Drop(Context context, Tensor input, int stage) => context.Mode != Mode.Train || _options.Dropout == 0
        ? input
        : context.Dropout(input, _options.Dropout, context.Random.Stream(FormattableString.Invariant($"dropout of answer {stage}")));
}
