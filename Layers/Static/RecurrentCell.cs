using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// One step of a recurrent layer, whichever its formula. The state is one tensor, [N, H], or for an LSTM [N, 2 · H] with the hidden state first and the cell
/// behind it, so that whoever skips, copies or regroups states need not know the formula. The parameters are the owner's.
/// </summary>
internal sealed class RecurrentCell
{
    // A product up to this size is not shared by threads: handing out its parts takes longer.
    private const long MostAloneMacs = 1L << 17;

    private readonly Parameter _inputWeight;
    private readonly Parameter _hiddenWeight;
    private readonly Parameter? _inputBias;
    private readonly Parameter? _hiddenBias;
    private PackedWeight? _packedInput;
    private PackedWeight? _packedHidden;

    public RecurrentCell(RecurrentKind kind, Parameter inputWeight, Parameter hiddenWeight, Parameter? inputBias, Parameter? hiddenBias)
    {
        Kind = kind;
        Gates = GatesOf(kind);
        _inputWeight = inputWeight;
        _hiddenWeight = hiddenWeight;
        _inputBias = inputBias;
        _hiddenBias = hiddenBias;
        Units = hiddenWeight.Shape[1];
        InFeatures = inputWeight.Shape[1];
    }

    public RecurrentKind Kind { get; }

    public int Units { get; }

    public int InFeatures { get; }

    /// <summary>Gates of a unit.</summary>
    public int Gates { get; }

    /// <summary>Elements of a sample's state.</summary>
    public int StateWidth => WidthOf(Kind, Units);

    /// <summary>MACs of a step for one sample.</summary>
    public long StepMacs => (long)Gates * Units * (InFeatures + Units);

    public static int GatesOf(RecurrentKind kind) => kind switch { RecurrentKind.Lstm => 4, RecurrentKind.Gru => 3, _ => 1 };

    public static int WidthOf(RecurrentKind kind, int units) => kind == RecurrentKind.Lstm ? 2 * units : units;

    /// <summary>Uniform in ±1/√H, as PyTorch does; the gate that keeps the state, f of an LSTM and z of a gated unit, may begin open.</summary>
    public void Initialize(RandomStream random, int stream, float forgetBias = 0)
    {
        Initializers.UniformFanIn(_inputWeight, random, Units, stream);
        Initializers.UniformFanIn(_hiddenWeight, random, Units, stream + 1);
        if (_inputBias is not null && _hiddenBias is not null)
        {
            Initializers.UniformFanIn(_inputBias, random, Units, stream + 2);
            Initializers.UniformFanIn(_hiddenBias, random, Units, stream + 3);
            if (Kind is RecurrentKind.Lstm or RecurrentKind.Gru && forgetBias != 0)
            {
                foreach (ref float value in _inputBias.Value.Span.Slice(Units, Units))
                {
                    value += forgetBias;
                }
            }
        }
    }

    public void Freeze()
    {
        _packedInput = PackedWeight.ForLinear(InFeatures, Gates * Units, _inputWeight.Value.Span);
        _packedHidden = PackedWeight.ForLinear(Units, Gates * Units, _hiddenWeight.Value.Span);
    }

    /// <summary>What inputs contribute to the gates: [N, …, I] to [N, …, gates · H].</summary>
    public Tensor FromInput(Context context, Tensor input, Selection steps = default)
    {
        Conv2dSelection rows = new() { Pixels = steps };
        return context.Linear(input, _inputWeight.Value, _inputBias?.Value ?? default, in rows, _packedInput);
    }

    /// <summary>The state after a step.</summary>
    /// <param name="context">The context.</param>
    /// <param name="fromInput">What the input contributes, [N, gates · H].</param>
    /// <param name="state">The state before, [N, state width].</param>
    public Tensor Step(Context context, Tensor fromInput, Tensor state)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hidden = HiddenOf(context, state);
        Tensor fromHidden = context.Linear(hidden, _hiddenWeight.Value, _hiddenBias?.Value ?? default, packed: _packedHidden);
        switch (Kind)
        {
            case RecurrentKind.Lstm:
                Tensor newHidden = context.LstmCell(fromInput, fromHidden, CellOf(context, state), out Tensor newCell);
                return scope.Keep(context.Concat(1, newHidden, newCell));
            case RecurrentKind.Gru:
                return scope.Keep(context.GruCell(fromInput, fromHidden, hidden));
            default:
                return scope.Keep(context.RnnCell(fromInput, fromHidden, Kind == RecurrentKind.Relu));
        }
    }

    /// <summary>All steps of sequences of equal lengths, where one thread takes them and the weights are packed.</summary>
    /// <param name="context">The context.</param>
    /// <param name="fromInput">What the inputs contribute, [N, T, gates · H].</param>
    /// <param name="state">The state, [N, state width], which is written in place.</param>
    /// <param name="output">Gets the hidden states, [N, T, H].</param>
    /// <param name="isReverse">Whether the last step comes first.</param>
    /// <returns>Whether that was done; otherwise nothing has been written.</returns>
    public bool TryWalk(Context context, Tensor fromInput, Tensor state, Tensor output, bool isReverse)
    {
        if (_packedHidden is null || (context.Workers.Threads > 1 && state.Shape[0] * (long)_hiddenWeight.Shape.Count > MostAloneMacs))
        {
            return false;
        }

        switch (Kind)
        {
            case RecurrentKind.Lstm:
                context.LstmSteps(fromInput, _packedHidden, _hiddenBias?.Value ?? default, state, output, isReverse);
                return true;
            case RecurrentKind.Gru:
                context.GruSteps(fromInput, _packedHidden, _hiddenBias?.Value ?? default, state, output, isReverse);
                return true;
            default:
                return false;
        }
    }

    /// <summary>h of a state, [N, H].</summary>
    public Tensor HiddenOf(Context context, Tensor state) => Kind == RecurrentKind.Lstm ? context.Slice(state, 1, 0, Units) : state;

    /// <summary>What the state remembers, [N, H]: the cell of an LSTM, else h.</summary>
    public Tensor CellOf(Context context, Tensor state) => Kind == RecurrentKind.Lstm ? context.Slice(state, 1, Units, Units) : state;
}
