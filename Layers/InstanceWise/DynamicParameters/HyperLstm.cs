using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// LSTM whose weights change from step to step as a smaller LSTM says: [N, T, in] to [N, T, units]. The hyper-LSTM reads [h_{t−1}; x_t] and has the state ĥ;
/// for each gate y: z_h = W_ĥh ĥ + b, z_x = W_ĥx ĥ + b, z_b = W_ĥb ĥ, and y = norm((D_h z_h) ⊙ (W_h h_{t−1}) + (D_x z_x) ⊙ (W_x x_t) + D_b z_b + b₀); then
/// c = σ(f) ⊙ c + σ(i) ⊙ tanh(g) and h = σ(o) ⊙ tanh(norm(c)) (Ha, Dai and Le, "HyperNetworks", ICLR 2017, section 3.2 and appendix A.2.3).
/// </summary>
/// <remarks>
/// A factor for each row of a weight stands for a whole weight of its own: that is the paper's way to keep it cheap. Deviations: ĥ is that of the present
/// step, as in the authors' code, where the paper's formulas have the step before; the normalisations (of each gate for itself, and of the cell) can be
/// left out; the hyper-LSTM itself is not normalised. Gates stand in PyTorch's order i, f, g, o; the forget gate's bias b₀ starts at 1.
/// </remarks>
public sealed class HyperLstm : Layer
{
    private const int Gates = 4;

    private readonly int _inFeatures;
    private readonly int _units;
    private readonly int _hyperUnits;
    private readonly Linear _input;
    private readonly Linear _hidden;
    private readonly Linear _hyperInput;
    private readonly Linear _hyperState;
    private readonly Linear _hyperHidden;
    private readonly HyperModulation _hiddenScale;
    private readonly HyperModulation _inputScale;
    private readonly HyperModulation _shift;
    private readonly Parameter _bias;
    private readonly Parameter? _gateWeight;
    private readonly Parameter? _gateBias;
    private readonly Parameter? _cellWeight;
    private readonly Parameter? _cellBias;

    /// <summary>Makes a layer.</summary>
    /// <param name="inFeatures">Features of each step.</param>
    /// <param name="units">Units of the main LSTM.</param>
    /// <param name="hyperUnits">Units of the hyper-LSTM.</param>
    /// <param name="embedding">Elements of z for each gate.</param>
    /// <param name="normalizes">Whether gates and cell are layer-normalised.</param>
    public HyperLstm(int inFeatures, int units, int hyperUnits = 16, int embedding = 4, bool normalizes = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(embedding, 1);
        _inFeatures = inFeatures;
        _units = units;
        _hyperUnits = hyperUnits;
        _input = Add("input", new Linear(inFeatures, Gates * units, bias: false));
        _hidden = Add("hidden", new Linear(units, Gates * units, bias: false));
        _hyperInput = Add("hyper_input", new Linear(inFeatures, Gates * hyperUnits));
        _hyperState = Add("hyper_state", new Linear(units, Gates * hyperUnits, bias: false));
        _hyperHidden = Add("hyper_hidden", new Linear(hyperUnits, Gates * hyperUnits, bias: false));
        _hiddenScale = Add("hidden_scale", new HyperModulation(hyperUnits, units, embedding, scales: true));
        _inputScale = Add("input_scale", new HyperModulation(hyperUnits, units, embedding, scales: true));
        _shift = Add("shift", new HyperModulation(hyperUnits, units, embedding, scales: false));
        _bias = AddParameter("bias", new Shape(Gates * units), decays: false);
        if (normalizes)
        {
            _gateWeight = AddParameter("gate_norm_weight", new Shape(Gates, units), decays: false);
            _gateBias = AddParameter("gate_norm_bias", new Shape(Gates, units), decays: false);
            _cellWeight = AddParameter("cell_norm_weight", new Shape(units), decays: false);
            _cellBias = AddParameter("cell_norm_bias", new Shape(units), decays: false);
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 3 || input[2] != _inFeatures || input[1] < 1)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_inFeatures}] with at least one step.", nameof(input));
        }

        return input.With(2, _units);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape state = new(OutputShape(input)[0], _units);
        Shape hyper = new(input[0], _hyperUnits);
        long step = _hidden.CountMacs(state) + _hyperState.CountMacs(state) + _hyperHidden.CountMacs(hyper) + _hiddenScale.CountMacs(hyper)
            + _inputScale.CountMacs(hyper) + _shift.CountMacs(hyper);
        return _input.CountMacs(input) + _hyperInput.CountMacs(input) + (input[1] * step);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        _bias.Value.Span.Clear();
        _bias.Value.Span.Slice(_units, _units).Fill(1f);
        _gateWeight?.Value.Span.Fill(1f);
        _gateBias?.Value.Span.Clear();
        _cellWeight?.Value.Span.Fill(1f);
        _cellBias?.Value.Span.Clear();
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        Shape shape = OutputShape(input.Shape);
        (int samples, int steps) = (shape[0], shape[1]);
        Tensor[]? states = context.Tape is null ? null : new Tensor[steps];
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor output = states is null ? context.Workspace.Rent(shape) : default;
        Tensor fromInput = _input.Forward(context, input);
        Tensor hyperFromInput = _hyperInput.Forward(context, input);
        Tensor none = context.Workspace.RentZeros(new Shape(samples, Gates * _units));
        State state = new()
        {
            Hidden = context.Workspace.RentZeros(new Shape(samples, _units)),
            Cell = context.Workspace.RentZeros(new Shape(samples, _units)),
            HyperHidden = context.Workspace.RentZeros(new Shape(samples, _hyperUnits)),
            HyperCell = context.Workspace.RentZeros(new Shape(samples, _hyperUnits)),
        };
        for (int step = 0; step < steps; step++)
        {
            State next = Step(context, At(context, fromInput, step), At(context, hyperFromInput, step), none, in state);
            state.GiveBack(context);
            state = next;
            if (states is not null)
            {
                states[step] = state.Hidden.Reshape(new Shape(samples, 1, _units));
                continue;
            }

            for (int n = 0; n < samples; n++)
            {
                state.Hidden.Rows(n, 1).Span.CopyTo(output.Span.Slice(((n * steps) + step) * _units, _units));
            }
        }

        return scope.Keep(states is null ? output : context.Concat(1, states));
    }

    private static Tensor At(Context context, Tensor sequence, int step) =>
        context.Slice(sequence, 1, step, 1).Reshape(new Shape(sequence.Shape[0], sequence.Shape[2]));

    private State Step(Context context, Tensor fromInput, Tensor hyperFromInput, Tensor none, in State state)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hyperGates = context.Add(hyperFromInput, _hyperState.Forward(context, state.Hidden));
        Tensor hyper = context.LstmCell(hyperGates, _hyperHidden.Forward(context, state.HyperHidden), state.HyperCell, out Tensor hyperCell);
        Tensor gates = context.Add(
            context.Multiply(_hiddenScale.Forward(context, hyper), _hidden.Forward(context, state.Hidden)),
            context.Multiply(_inputScale.Forward(context, hyper), fromInput));
        gates = context.Add(context.Add(gates, _shift.Forward(context, hyper)), _bias.Value);
        if (_gateWeight is not null)
        {
            Tensor rows = context.LayerNorm(gates.Reshape(new Shape(gates.Shape[0], Gates, _units)));
            gates = context.Add(context.Multiply(rows, _gateWeight.Value), _gateBias!.Value).Reshape(gates.Shape);
        }

        Tensor hidden = context.LstmCell(gates, none, state.Cell, out Tensor cell);
        if (_cellWeight is not null)
        {
            Tensor open = context.Sigmoid(context.Slice(gates, 1, 3 * _units, _units));
            hidden = context.Multiply(open, context.Tanh(context.LayerNorm(cell, _cellWeight.Value, _cellBias!.Value)));
        }

        return new State
        {
            Hidden = scope.Keep(hidden),
            Cell = scope.Keep(cell),
            HyperHidden = scope.Keep(hyper),
            HyperCell = scope.Keep(hyperCell),
        };
    }

    private readonly struct State
    {
        public Tensor Hidden { get; init; }

        public Tensor Cell { get; init; }

        public Tensor HyperHidden { get; init; }

        public Tensor HyperCell { get; init; }

        public void GiveBack(Context context)
        {
            context.Workspace.Recycle(Hidden);
            context.Workspace.Recycle(Cell);
            context.Workspace.Recycle(HyperHidden);
            context.Workspace.Recycle(HyperCell);
        }
    }
}
