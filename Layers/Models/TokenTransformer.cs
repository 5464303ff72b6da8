using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A transformer's encoder over texts: vectors of tokens with a trained first one before them, places, layers, and at each exit a linear answer from the first
/// token. At inference tokens that were dropped are taken out of the sequence; while a tape records they stay, and nobody attends to them.
/// </summary>
internal sealed class TokenTransformer : StagedNetwork
{
    // The sequence [N, T, E], 1 where it has a token [N, T], and the places that tokens had at first [N, T].
    private const int Sequence = 0;
    private const int Present = 1;
    private const int Places = 2;

    private readonly TransformerOptions _options;
    private readonly Embedding _embedding;
    private readonly Parameter _first;
    private readonly PositionalEncoding _places;
    private readonly TransformerEncoderLayer[] _layers;
    private readonly TokenDropping[] _rules;
    private readonly LayerNorm[] _norms;
    private readonly Linear[] _heads;
    private readonly ExitGate[] _gates;

    public TokenTransformer(TransformerOptions options, bool hasExits, TokenDropping[] rules, bool hasGates = false, Func<Layer>? feedForward = null)
    {
        _options = options;
        _rules = rules;
        int exits = hasExits ? options.Layers : 1;
        _embedding = Add("embedding", new Embedding(options.Vocabulary, options.Width, SequenceLengths.Padding, unknown: 1));
        _first = AddParameter("cls_token", new Shape(1, 1, options.Width), decays: false);
        _places = Add("places", new PositionalEncoding(options.Length + 1, options.Width, isTrained: true));
        _layers = new TransformerEncoderLayer[options.Layers];
        _gates = new ExitGate[hasGates ? exits - 1 : 0];
        _norms = new LayerNorm[exits];
        _heads = new Linear[exits];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Add(Name("layer", i), new TransformerEncoderLayer(options.Width, options.Heads, options.Hidden, ActivationFunction.Gelu, options.Dropout, hasNormsFirst: true, feedForward?.Invoke()));
            if (i < rules.Length)
            {
                Add(Name("drop", i), rules[i]);
            }
        }

        for (int i = 0; i < exits; i++)
        {
            _norms[i] = Add(Name("norm", i), new LayerNorm(options.Width));
            _heads[i] = Add(Name("head", i), new Linear(options.Width, options.Classes));
            if (i < _gates.Length)
            {
                _gates[i] = Add(Name("gate", i), new ExitGate(options.Width));
            }
        }

        AssignNumbers();
    }

    public override int StageCount => _heads.Length;

    public override int ClassCount => _options.Classes;

    public override Shape SampleShape => _options.SampleShape;

    public override bool HasExitGates => _gates.Length > 0;

    private Shape WholeShape => new(1, _options.Length + 1, _options.Width);

    public override long StageMacs(int stage) => (LayersOf(stage) * _layers[0].CountMacs(WholeShape)) + _heads[stage].CountMacs(new Shape(1, _options.Width)) + (stage < _gates.Length ? _gates[stage].Macs : 0);

    public override StageState CreateState() => new(3);

    protected override void OnInitialize(RandomStream random) => Initializers.Normal(_first, random, 0.02f);

    protected override void OnStart(Context context, Tensor input, StageState state)
    {
        int samples = input.Shape[0];
        using WorkspaceScope scope = context.Workspace.Enter();
        Selection steps = context.LengthsOf(input);
        int longest = 1;
        for (int n = 0; n < samples && longest < _options.Length; n++)
        {
            longest = Math.Max(longest, steps.IsAll ? _options.Length : steps.RowCount(n));
        }

        // What nobody in the batch has is left out at once.
        Tensor tokens = longest == _options.Length ? input : context.Slice(input, 1, 0, longest);
        Tensor vectors = _embedding.Forward(context, tokens);
        Tensor first = context.BroadcastTo(_first.Value, new Shape(samples, 1, _options.Width));
        Tensor sequence = Drop(context, _places.Forward(context, context.Concat(1, first, vectors)));
        Tensor present = context.Workspace.RentZeros(new Shape(samples, longest + 1));
        Tensor places = context.Workspace.Rent(present.Shape);
        for (int n = 0; n < samples; n++)
        {
            present.Span.Slice(n * (longest + 1), 1 + (steps.IsAll ? longest : steps.RowCount(n))).Fill(1);
            for (int i = 0; i <= longest; i++)
            {
                places.Span[(n * (longest + 1)) + i] = i;
            }
        }

        state.Set(context, Sequence, scope.Keep(sequence));
        state.Set(context, Present, scope.Keep(present));
        state.Set(context, Places, scope.Keep(places));
    }

    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        int first = _heads.Length == 1 ? 0 : stage;
        for (int i = first; i < first + LayersOf(stage); i++)
        {
            RunLayer(context, state, i);
        }

        Tensor features = EnterExit(context, state, Sequence, stage);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor token = context.Slice(features, 1, 0, 1).Reshape(new Shape(features.Shape[0], _options.Width));
        Tensor normalised = _norms[stage].Forward(context, token);
        if (stage < _gates.Length)
        {
            _ = scope.Keep(_gates[stage].Tell(context, state, normalised, StageMacs(stage + 1)));
        }

        return scope.Keep(_heads[stage].Forward(context, normalised));
    }

    private static string Name(string part, int index) => string.Create(CultureInfo.InvariantCulture, $"{part}{index}");

    private int LayersOf(int stage) => _heads.Length == 1 ? _layers.Length : stage < _heads.Length ? 1 : 0;

    private void RunLayer(Context context, StageState state, int layer)
    {
        Tensor sequence;
        Tensor received;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor present = state[Present];
            Selection tokens = context.Workspace.SelectAtLeast(present.Shape[0], present.Shape[1], present.Span, 0.5f);
            tokens = tokens.Count == present.Count ? Selection.All(present.Shape[0], present.Shape[1]) : tokens;
            Account(context, present.Shape);
            sequence = scope.Keep(_layers[layer].Forward(context, state[Sequence], tokens, out received));
            received = scope.Keep(received);
        }

        state.Set(context, Sequence, sequence);
        if (layer < _rules.Length)
        {
            DropTokens(context, state, layer, received);
        }

        context.Workspace.Recycle(received);
    }

    // The dense network runs over the whole length; what the sequence has no place for any more is counted here.
    private void Account(Context context, Shape present) =>
        context.Count(present[0], 0, _layers[0].CountMacs(WholeShape) - _layers[0].CountMacs(new Shape(1, present[1], _options.Width)));

    private void DropTokens(Context context, StageState state, int layer, Tensor received)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor kept = _rules[layer].Choose(context, received, state[Present]);
        Note(context, scope, state, layer, kept);
        if (context.Tape is not null)
        {
            // A choice that is differentiable reaches the rule through what it lets pass.
            Shape shape = kept.Shape;
            state.Set(context, Sequence, context.Multiply(state[Sequence], kept.Reshape(new Shape(shape[0], shape[1], 1))));
            state.Set(context, Present, context.Workspace.RentCopy(shape, kept.Span));
            return;
        }

        int longest = 1;
        int length = kept.Shape[1];
        for (int n = 0; n < kept.Shape[0]; n++)
        {
            longest = Math.Max(longest, CountOf(kept.Span.Slice(n * length, length)));
        }

        Tensor sequence = scope.Keep(Compact(context, state[Sequence], kept, longest));
        Tensor places = scope.Keep(Compact(context, state[Places].Reshape(new Shape(kept.Shape[0], length, 1)), kept, longest));
        Tensor present = context.Workspace.RentZeros(new Shape(kept.Shape[0], longest));
        for (int n = 0; n < kept.Shape[0]; n++)
        {
            present.Span.Slice(n * longest, CountOf(kept.Span.Slice(n * length, length))).Fill(1);
        }

        state.Set(context, Sequence, sequence);
        state.Set(context, Places, places.Reshape(present.Shape));
        state.Set(context, Present, scope.Keep(present));
    }

    private void Note(Context context, WorkspaceScope scope, StageState state, int layer, Tensor kept)
    {
        if (context.Ledger is null)
        {
            return;
        }

        int samples = kept.Shape[0];
        bool isRelaxed = context.Decisions == Engine.Execution.Decisions.Relaxed;
        Selection selected = default;
        if (!isRelaxed)
        {
            // Told by the places that tokens had at first.
            Tensor mask = context.Workspace.RentZeros(new Shape(samples, _options.Length + 1));
            for (int i = 0; i < kept.Count; i++)
            {
                if (kept.Span[i] > 0)
                {
                    mask.Span[(i / kept.Shape[1] * (_options.Length + 1)) + (int)state[Places].Span[i]] = 1;
                }
            }

            selected = scope.Keep(context.Workspace.SelectAtLeast(samples, _options.Length + 1, mask.Span, 0.5f));
        }

        long macs = _layers[0].CountMacs(new Shape(1, 2, _options.Width)) - _layers[0].CountMacs(new Shape(1, 1, _options.Width));
        context.Record(new DecisionRecord { Layer = _rules[layer].Number, Kind = DecisionKind.Tokens, Rows = samples, Selected = selected, Scores = isRelaxed ? kept : default, UnitMacs = macs });
        if (isRelaxed && samples > 0)
        {
            float there = 0;
            foreach (float one in state[Present].Span)
            {
                there += one;
            }

            context.AddLossTerm(TokenDropping.TokensTerm, _rules[layer].Number, context.Scale(context.Sum(kept), 1 / MathF.Max(1, there)));
        }
    }

    private static int CountOf(ReadOnlySpan<float> mask)
    {
        int count = 0;
        foreach (float one in mask)
        {
            count += one > 0 ? 1 : 0;
        }

        return count;
    }

    // The rows of tokens that stay, from the front; 0 behind them.
    private static Tensor Compact(Context context, Tensor sequence, Tensor kept, int longest)
    {
        (int samples, int length, int width) = (sequence.Shape[0], sequence.Shape[1], sequence.Shape[2]);
        Tensor output = context.Workspace.RentZeros(new Shape(samples, longest, width));
        for (int n = 0; n < samples; n++)
        {
            int to = 0;
            for (int i = 0; i < length; i++)
            {
                if (kept.Span[(n * length) + i] > 0)
                {
                    sequence.Span.Slice(((n * length) + i) * width, width).CopyTo(output.Span.Slice(((n * longest) + to++) * width, width));
                }
            }
        }

        return output;
    }

    private Tensor Drop(Context context, Tensor input) => context.Mode != Mode.Train || _options.Dropout == 0
        ? input
        : context.Dropout(input, _options.Dropout, context.Random.Stream("dropout of vectors"));
}
