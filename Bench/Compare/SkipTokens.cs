using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// A transformer of four layers (width 256, 4 heads, feed-forward 1024) on the tokens with the highest scores, beside all 128 tokens. Linear parts
/// shrink with the kept tokens, scores of attention with their square: ideal counts multiply-accumulates.
/// </summary>
internal sealed class SkipTokens
{
    private const int Layers = 4;
    private const int Tokens = 128;
    private const int Width = 256;
    private const int Heads = 4;
    private const int Hidden = 1024;

    private readonly Context _context = new(new Workers(1));
    private readonly PackedWeight[] _weights = new PackedWeight[Layers * 6];
    private readonly Tensor _ones = Tensor.From(new Shape(Width), Array.ConvertAll(new float[Width], _ => 1f));
    private readonly Tensor _zeros = Tensor.Zeros(new Shape(Width));
    private readonly Tensor _input = Tensor.From(new Shape(1, Tokens, Width), Numbers.Random(Tokens * Width, 2));
    private readonly float[] _scores = Numbers.Random(Tokens, 3);
    private readonly int _kept;

    private SkipTokens(int kept)
    {
        _kept = kept;
        for (int i = 0; i < _weights.Length; i++)
        {
            int inputs = i % 6 == 5 ? Hidden : Width;
            int outputs = i % 6 == 4 ? Hidden : Width;
            float[] weight = Array.ConvertAll(Numbers.Random(inputs * outputs, 10 + i), w => w * 0.1f);
            _weights[i] = PackedWeight.ForLinear(inputs, outputs, weight);
        }
    }

    public static BenchResult Measure(BenchRow row, double keep, double seconds)
    {
        SkipTokens network = new((int)Math.Round(Tokens * keep));
        double[] times = Interleaved.Medians(seconds, network.Sparse, network.Dense);
        double share = Macs(network._kept) / Macs(Tokens);
        string peer = FormattableString.Invariant(
            $"our run of all {Tokens} tokens; kept {share:F4} of its multiply-accumulates (linear parts shrink with the tokens, attention with their square)");
        return new BenchResult(row, peer, times[0], times[1], times[1] * share);
    }

    private static double Macs(double tokens) => tokens * ((4.0 * Width * Width) + (2.0 * Width * Hidden) + (2.0 * tokens * Width));

    private void Sparse()
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Selection chosen = _context.Workspace.SelectTop(1, Tokens, _scores, _kept);
        Tensor tokens = _context.GatherSamples(_input.Reshape(new Shape(Tokens, Width)), chosen);
        Tensor output = Forward(tokens.Reshape(new Shape(1, _kept, Width))).Reshape(new Shape(_kept, Width));
        _context.ScatterSamples(output, chosen, _input.Reshape(new Shape(Tokens, Width)));
    }

    private void Dense()
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Forward(_input);
    }

    private Tensor Forward(Tensor tokens)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            ReadOnlySpan<PackedWeight> weights = _weights.AsSpan(layer * 6, 6);
            Tensor normal = _context.LayerNorm(tokens, _ones, _zeros);
            Tensor query = _context.Scale(HeadsOf(normal, weights[0]), 1f / MathF.Sqrt(Width / Heads));
            Tensor attention = _context.Softmax(_context.MatMul(query, HeadsOf(normal, weights[1]), transposesRight: true));
            Tensor mixed = _context.Transpose(_context.MatMul(attention, HeadsOf(normal, weights[2])), 1, 2).Reshape(tokens.Shape);
            tokens = _context.LinearFused(mixed, weights[3], new FusedSteps { Residual = tokens });
            normal = _context.LayerNorm(tokens, _ones, _zeros);
            Tensor hidden = _context.LinearFused(normal, weights[4], new FusedSteps { Activation = Activation.Relu });
            tokens = _context.LinearFused(hidden, weights[5], new FusedSteps { Residual = tokens });
        }

        return tokens;
    }

    private Tensor HeadsOf(Tensor tokens, PackedWeight weight)
    {
        Tensor projected = _context.LinearFused(tokens, weight, default);
        return _context.Transpose(projected.Reshape(new Shape(1, tokens.Shape[1], Heads, Width / Heads)), 1, 2);
    }
}
