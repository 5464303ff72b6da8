using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// A layer of 16 experts (two linear layers each) of which every token takes two, beside the same layer where every token takes all. Tokens are
/// put in the order of their experts, each expert takes its rows, and each token adds up its two results with its weights.
/// </summary>
internal sealed class SkipExperts
{
    private const int Experts = 16;
    private const int Tokens = 512;
    private const int Taken = 2;
    private const int Width = 256;
    private const int Hidden = 512;

    private readonly Context _context = new(new Workers(1));
    private readonly PackedWeight _router = Pack(Width, Experts, 1);
    private readonly PackedWeight[] _first = new PackedWeight[Experts];
    private readonly PackedWeight[] _second = new PackedWeight[Experts];
    private readonly Tensor _input = Tensor.From(new Shape(Tokens, Width), Numbers.Random(Tokens * Width, 2));
    private readonly int[] _starts = new int[Experts + 1];
    private readonly int[] _order = new int[Tokens * Taken];
    private readonly int[] _places = new int[Tokens * Taken];
    private readonly Tensor[] _parts = new Tensor[Experts];

    private SkipExperts()
    {
        for (int i = 0; i < Experts; i++)
        {
            _first[i] = Pack(Width, Hidden, 10 + i);
            _second[i] = Pack(Hidden, Width, 50 + i);
        }
    }

    public static BenchResult Measure(BenchRow row, double keep, double seconds)
    {
        SkipExperts layer = new();
        double[] times = Interleaved.Medians(seconds, layer.Sparse, layer.Dense);
        return new BenchResult(row, "our run of every expert for every token", times[0], times[1], times[1] * keep);
    }

    private static PackedWeight Pack(int inputs, int outputs, int seed) => PackedWeight.ForLinear(inputs, outputs, Numbers.Random(inputs * outputs, seed));

    private void Sparse()
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Tensor scores = _context.LinearFused(_input, _router, default);
        Selection chosen = _context.Workspace.SelectTop(Tokens, Experts, scores.Span, Taken);
        ReadOnlySpan<int> experts = chosen.Indices;
        Tensor weights = _context.Workspace.Rent(new Shape(Taken, Tokens, 1));
        Sort(experts);
        for (int token = 0; token < Tokens; token++)
        {
            // The softmax over the two: each is one part of a whole.
            float difference = scores.Span[(token * Experts) + experts[token * Taken]] - scores.Span[(token * Experts) + experts[(token * Taken) + 1]];
            float weight = 1f / (1f + MathF.Exp(-difference));
            weights.Span[token] = weight;
            weights.Span[Tokens + token] = 1f - weight;
        }

        Tensor sorted = _context.GatherRows(_input, _order);
        int used = 0;
        for (int expert = 0; expert < Experts; expert++)
        {
            int count = _starts[expert + 1] - _starts[expert];
            if (count > 0)
            {
                _parts[used++] = Expert(expert, sorted.Rows(_starts[expert], count));
            }
        }

        Tensor results = _context.Concat(0, _parts.AsSpan(0, used));
        Tensor first = _context.GatherRows(results, _places.AsSpan(0, Tokens));
        Tensor second = _context.GatherRows(results, _places.AsSpan(Tokens, Tokens));
        _context.Add(
            _context.Multiply(first, weights.Rows(0, 1).Reshape(new Shape(Tokens, 1))), _context.Multiply(second, weights.Rows(1, 1).Reshape(new Shape(Tokens, 1))));
    }

    private void Dense()
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Tensor weights = _context.Transpose(_context.Softmax(_context.LinearFused(_input, _router, default)), 0, 1);
        Tensor sum = default;
        for (int expert = 0; expert < Experts; expert++)
        {
            Tensor result = _context.Multiply(Expert(expert, _input), weights.Rows(expert, 1).Reshape(new Shape(Tokens, 1)));
            sum = sum.Exists ? _context.Add(sum, result) : result;
        }
    }

    private Tensor Expert(int expert, Tensor rows) =>
        _context.LinearFused(_context.LinearFused(rows, _first[expert], new FusedSteps { Activation = Activation.Relu }), _second[expert], default);

    // A counting sort of the pairs of token and expert; where each pair's result will lie.
    private void Sort(ReadOnlySpan<int> experts)
    {
        Array.Clear(_starts);
        foreach (int expert in experts)
        {
            _starts[expert + 1]++;
        }

        for (int expert = 0; expert < Experts; expert++)
        {
            _starts[expert + 1] += _starts[expert];
        }

        Span<int> next = stackalloc int[Experts];
        _starts.AsSpan(0, Experts).CopyTo(next);
        for (int pair = 0; pair < experts.Length; pair++)
        {
            int place = next[experts[pair]]++;
            _order[place] = pair / Taken;
            _places[(pair % Taken * Tokens) + (pair / Taken)] = place;
        }
    }
}
