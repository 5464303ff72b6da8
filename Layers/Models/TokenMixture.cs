using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// The feed-forward part of a transformer's layer as a mixture of experts, y = Σ over the chosen e of g_e(x)·W₂·gelu(W₁·x), token by token: [tokens, E] to the same
/// (Shazeer et al., ICLR 2017; Fedus et al., "Switch transformers", JMLR 2022).
/// </summary>
/// <remarks>
/// At inference the rows are the tokens of one sample, which is counted and told by itself; the choices are units token · experts + expert of one decision. While
/// training they are the tokens of the whole batch, over which the balance of experts is asked for.
/// </remarks>
internal sealed class TokenMixture : Layer
{
    private readonly DecisionRule _gate;
    private readonly Layer[] _experts;
    private readonly int _width;

    public TokenMixture(DecisionRule gate, int width, int hidden, int experts)
    {
        _width = width;
        _gate = Add("gate", gate);
        _experts = new Layer[experts];
        for (int e = 0; e < experts; e++)
        {
            _experts[e] = Add<Layer>("expert" + e.ToString(CultureInfo.InvariantCulture), new Sequential(new Linear(width, hidden), new Activate(ActivationFunction.Gelu), new Linear(hidden, width)));
        }
    }

    public override Shape OutputShape(Shape input) => _experts[0].OutputShape(input);

    public override long CountMacs(Shape input) => _gate.CountMacs(input) + (_experts.Length * _experts[0].CountMacs(input));

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        (Selection samples, ComputeMeter? meter, DecisionLedger? ledger) = (context.Samples, context.Meter, context.Ledger);
        bool isOne = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        Decision decision;
        Tensor output;
        try
        {
            // Rows are tokens here, which nothing outside may take for samples.
            context.Samples = default;
            context.Meter = null;
            context.Ledger = isOne ? null : ledger;
            decision = _gate.Decide(context, input);
            output = context.SendToExperts(Number, in decision, input, _experts);
        }
        finally
        {
            (context.Samples, context.Meter, context.Ledger) = (samples, meter, ledger);
        }

        if (isOne)
        {
            Account(context, input.Shape, decision.Selected);
        }

        return scope.Keep(output);
    }

    private void Account(Context context, Shape input, Selection chosen)
    {
        Shape token = new(1, _width);
        long expert = _experts[0].CountMacs(token);
        long count = chosen.Exists && !chosen.IsAll ? chosen.Count : (long)input[0] * _experts.Length;
        context.CountRow(0, _gate.CountMacs(input) + (count * expert), CountMacs(input));
        if (context.Ledger is null || !chosen.Exists)
        {
            return;
        }

        Tensor mask = context.Workspace.RentZeros(new Shape(1, input[0] * _experts.Length));
        for (int row = 0; row < input[0]; row++)
        {
            if (chosen.IsAll)
            {
                mask.Span.Fill(1);
                break;
            }

            foreach (int e in chosen.Row(row))
            {
                mask.Span[(row * _experts.Length) + e] = 1;
            }
        }

        Selection told = context.Workspace.SelectAtLeast(1, mask.Count, mask.Span, 0.5f);
        context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Experts, Rows = 1, Selected = told, UnitMacs = expert });
    }
}
