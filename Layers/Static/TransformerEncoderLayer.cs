using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// A layer of a transformer's encoder with PyTorch's parameters (self_attn, linear1, linear2, norm1, norm2): x = norm1(x + attention(x)), y = norm2(x +
/// W₂·f(W₁·x)) (Vaswani et al., NeurIPS 2017); with the norms first: x = x + attention(norm1(x)), y = x + W₂·f(W₁·norm2(x)) (Xiong et al., ICML 2020).
/// </summary>
/// <remarks>
/// With tokens given, sequences have unequal lengths. At inference each sample is run by itself on its own tokens, side by side: padding and tokens that are gone
/// cost nothing, and a sample gets the bits that it has alone.
/// </remarks>
public sealed class TransformerEncoderLayer : Layer
{
    private readonly MultiHeadAttention _attention;
    private readonly Linear? _first;
    private readonly Linear? _second;
    private readonly Layer? _feedForward;
    private readonly LayerNorm _attentionNorm;
    private readonly LayerNorm _forwardNorm;
    private readonly Activate _activation;
    private readonly float _dropout;
    private readonly int _width;
    private readonly bool _hasNormsFirst;

    /// <summary>Makes a layer.</summary>
    /// <param name="width">E, channels of a token.</param>
    /// <param name="heads">Heads of the attention, a divisor of E.</param>
    /// <param name="hidden">Units between W₁ and W₂.</param>
    /// <param name="activation">f.</param>
    /// <param name="dropout">Share of elements dropped in training, after attention, between the products and after them.</param>
    /// <param name="hasNormsFirst">Whether the norms come before the branches.</param>
    /// <param name="feedForward">
    /// What comes in place of W₂·f(W₁·x), under "feed_forward": it gets the tokens of all samples that there are as rows, [tokens, E], and gives as many; a sample's
    /// rows must not depend on the others'. None: the two products.
    /// </param>
    public TransformerEncoderLayer(
        int width,
        int heads,
        int hidden,
        ActivationFunction activation = ActivationFunction.Relu,
        float dropout = 0.1f,
        bool hasNormsFirst = false,
        Layer? feedForward = null)
    {
        _attention = Add("self_attn", new MultiHeadAttention(width, heads));
        if (feedForward is null)
        {
            _first = Add("linear1", new Linear(width, hidden));
            _second = Add("linear2", new Linear(hidden, width));
        }
        else
        {
            _feedForward = Add("feed_forward", feedForward);
        }

        _attentionNorm = Add("norm1", new LayerNorm(width));
        _forwardNorm = Add("norm2", new LayerNorm(width));
        _activation = new Activate(activation);
        if (!(dropout >= 0 && dropout < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "Expected a share from 0 to below 1.");
        }

        _dropout = dropout;
        _width = width;
        _hasNormsFirst = hasNormsFirst;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _attention.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _attention.CountMacs(input) + ForwardMacs(input[0] * input[1]);

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, E].</param>
    /// <param name="tokens">The tokens of each sample, a row a sample over T, none of them empty; none: all.</param>
    /// <param name="received">
    /// What each token gets of the attention of all tokens, the sum over queries and heads over the number of heads, [N, T]: its significance (Goyal et al.,
    /// "PoWER-BERT", ICML 2020, section 3.2); 0 where there is no token.
    /// </param>
    /// <returns>[N, T, E]; undefined where there is no token while a tape records, else 0.</returns>
    /// <exception cref="ArgumentException">The tokens do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection tokens, out Tensor received)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        StepRows.Check(tokens, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor output = context.Tape is null ? Each(context, input, tokens, out received) : Together(context, input, tokens, out received);
        received = scope.Keep(received);
        return scope.Keep(output);
    }

    /// <summary>MACs of <see cref="ForwardAt"/> for some of a sample's tokens.</summary>
    internal long MacsAt(int queries, int tokens) => _attention.CountMacs(queries, tokens) + ForwardMacs(queries);

    /// <summary>Runs one sample, whose every token is attended to, for some of its tokens; nothing is recorded.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[1, T, E].</param>
    /// <param name="tokens">The tokens that ask, one row over T, not empty.</param>
    /// <returns>[1, asking, E], with the bits that these tokens have when all ask.</returns>
    internal Tensor ForwardAt(Context context, Tensor input, Selection tokens)
    {
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        if (tokens.IsAll)
        {
            return scope.Keep(Encode(context, input, default, out _));
        }

        Shape compact = new(1, tokens.Count, input.Shape[2]);
        Tensor asking = context.Workspace.Rent(compact);
        Move(input, asking, tokens.Indices, isGathering: true);
        Tensor memory = _hasNormsFirst ? _attentionNorm.Forward(context, input) : input;
        Tensor query = context.Workspace.Rent(compact);
        Move(memory, query, tokens.Indices, isGathering: true);
        Tensor attended = _attention.Forward(context, query, memory, out _);
        return scope.Keep(Finish(context, asking, attended, default));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Encode(context, input, default, out _));
    }

    private Tensor Together(Context context, Tensor input, Selection tokens, out Tensor received)
    {
        Tensor output = Encode(context, input, tokens, out Tensor attention);
        if (!tokens.IsAll)
        {
            Tensor queries = context.MaskOf(tokens).Reshape(new Shape(tokens.Rows, 1, tokens.Universe, 1));
            attention = context.Multiply(attention, queries);
        }

        received = context.Sum(context.Mean(attention, 1), 1);
        return output;
    }

    private Tensor Each(Context context, Tensor input, Selection tokens, out Tensor received)
    {
        Shape shape = input.Shape;
        (int samples, int length, int width) = (shape[0], shape[1], shape[2]);
        Tensor output = context.Workspace.RentZeros(shape);
        received = context.Workspace.RentZeros(new Shape(samples, length));
        Selection outer = context.Samples;
        long dense = CountMacs(new Shape(1, length, width));
        try
        {
            for (int n = 0; n < samples; n++)
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                ReadOnlySpan<int> own = tokens.IsAll ? default : tokens.Row(n);
                int count = tokens.IsAll ? length : own.Length;
                Shape compact = new(1, count, width);
                context.Samples = outer;
                context.CountRow(n, 0, dense - CountMacs(compact));
                context.Samples = context.Workspace.Select(outer.IsAll ? samples : outer.Universe, [context.SampleOf(n)]);
                Tensor sequence = context.Workspace.Rent(compact);
                Move(input.Rows(n, 1), sequence, own, isGathering: true);
                Tensor result = Encode(context, sequence, default, out Tensor attention);
                Move(result, output.Rows(n, 1), own, isGathering: false);
                Tensor sums = context.Sum(context.Mean(attention, 1), 1);
                for (int i = 0; i < count; i++)
                {
                    received.Span[(n * length) + (tokens.IsAll ? i : own[i])] = sums.Span[i];
                }
            }
        }
        finally
        {
            context.Samples = outer;
        }

        return output;
    }

    private static void Move(Tensor from, Tensor to, ReadOnlySpan<int> tokens, bool isGathering)
    {
        if (tokens.IsEmpty)
        {
            from.Span.CopyTo(to.Span);
            return;
        }

        int width = from.Shape[2];
        for (int i = 0; i < tokens.Length; i++)
        {
            (int source, int target) = isGathering ? (tokens[i], i) : (i, tokens[i]);
            from.Span.Slice(source * width, width).CopyTo(to.Span.Slice(target * width, width));
        }
    }

    private Tensor Encode(Context context, Tensor input, Selection tokens, out Tensor attention)
    {
        Tensor query = _hasNormsFirst ? _attentionNorm.Forward(context, input) : input;
        Tensor attended = _attention.Forward(context, query, query, out attention, tokens);
        return Finish(context, input, attended, tokens);
    }

    private Tensor Finish(Context context, Tensor input, Tensor attended, Selection tokens)
    {
        Tensor x = context.Add(input, Drop(context, attended, 0));
        x = _hasNormsFirst ? x : _attentionNorm.Forward(context, x);
        Tensor rows = _hasNormsFirst ? _forwardNorm.Forward(context, x) : x;
        Tensor y = context.Add(x, Drop(context, _feedForward is null ? Products(context, rows) : Rows(context, rows, tokens), 2));
        return _hasNormsFirst ? y : _forwardNorm.Forward(context, y);
    }

    private long ForwardMacs(int rows)
    {
        Shape input = new(rows, _width);
        return _feedForward is not null ? _feedForward.CountMacs(input) : _first!.CountMacs(input) + _second!.CountMacs(input.With(-1, _first.Weight.Shape[0]));
    }

    private Tensor Products(Context context, Tensor rows) => _second!.Forward(context, Drop(context, _activation.Forward(context, _first!.Forward(context, rows)), 1));

    // The tokens there are, side by side; 0 where there is none.
    private Tensor Rows(Context context, Tensor input, Selection tokens)
    {
        Shape shape = input.Shape;
        Tensor table = input.Reshape(new Shape(shape[0] * shape[1], shape[2]));
        if (tokens.IsAll)
        {
            return _feedForward!.Forward(context, table).Reshape(shape);
        }

        int[] places = new int[tokens.Count];
        int[] back = new int[table.Shape[0]];
        Array.Fill(back, tokens.Count);
        int next = 0;
        for (int n = 0; n < tokens.Rows; n++)
        {
            foreach (int token in tokens.Row(n))
            {
                int place = (n * shape[1]) + token;
                back[place] = next;
                places[next++] = place;
            }
        }

        Tensor output = _feedForward!.Forward(context, context.GatherRows(table, places));
        Tensor none = context.Workspace.RentZeros(new Shape(1, shape[2]));
        return context.GatherRows(context.Concat(0, output, none), back).Reshape(shape);
    }

    private Tensor Drop(Context context, Tensor input, int place) => context.Mode != Mode.Train || _dropout == 0
        ? input
        : context.Dropout(input, _dropout, context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"dropout {Number}.{place}")));
}
