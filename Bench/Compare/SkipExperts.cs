using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// A layer of 16 experts (two linear layers each) of which every token takes two, beside the same layer where every token takes all. Each expert takes
/// its tokens side by side, and its weighted results are added up at their places, as layers that dispatch do.
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
        MixtureSum sum = new(_context, _context.TopSoftmax(scores, chosen), _input.Shape);
        for (int expert = 0; expert < Experts; expert++)
        {
            using WorkspaceScope turn = _context.Workspace.Enter();
            Selection rows = _context.Workspace.SelectRowsOf(chosen, expert);
            if (!rows.IsEmpty)
            {
                sum.Add(Expert(expert, _context.GatherSamples(_input, rows)), rows, expert);
            }
        }

        sum.Finish();
    }

    private void Dense()
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        MixtureSum sum = new(_context, _context.Softmax(_context.LinearFused(_input, _router, default)), _input.Shape);
        for (int expert = 0; expert < Experts; expert++)
        {
            using WorkspaceScope turn = _context.Workspace.Enter();
            sum.Add(Expert(expert, _input), Selection.All(1, Tokens), expert);
        }

        sum.Finish();
    }

    private Tensor Expert(int expert, Tensor rows) =>
        _context.LinearFused(_context.LinearFused(rows, _first[expert], new FusedSteps { Activation = Activation.Relu }), _second[expert], default);
}
