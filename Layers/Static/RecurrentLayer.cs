using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Recurrent layers one above the other, in one direction or both: [N, T, in] to [N, T, directions · H], with PyTorch's parameter names (weight_ih_l0,
/// weight_hh_l0, bias_ih_l0, bias_hh_l0, …, with _reverse behind for the other direction) and order of gates.
/// </summary>
/// <remarks>
/// With steps given, sequences have unequal lengths: at inference a step runs for the samples that have it, and padding costs nothing; both directions begin
/// and end at a sample's own ends. Places without a step are 0 in the output. Costs are counted against the padded sequence.
/// </remarks>
public abstract class RecurrentLayer : Layer
{
    private readonly RecurrentKind _kind;
    private readonly int _inFeatures;
    private readonly int _units;
    private readonly int _layers;
    private readonly int _directions;
    private readonly RecurrentCell[] _cells;

    private protected RecurrentLayer(RecurrentKind kind, int inFeatures, int units, int layers, bool isBidirectional, bool bias)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(units, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        _kind = kind;
        _inFeatures = inFeatures;
        _units = units;
        _layers = layers;
        _directions = isBidirectional ? 2 : 1;
        _cells = new RecurrentCell[layers * _directions];
        int gates = RecurrentCell.GatesOf(kind) * units;
        for (int i = 0; i < _cells.Length; i++)
        {
            int layer = i / _directions;
            string suffix = string.Create(CultureInfo.InvariantCulture, $"_l{layer}{(i % _directions == 1 ? "_reverse" : string.Empty)}");
            Parameter inputWeight = AddParameter("weight_ih" + suffix, new Shape(gates, layer == 0 ? inFeatures : _directions * units));
            Parameter hiddenWeight = AddParameter("weight_hh" + suffix, new Shape(gates, units));
            Parameter? inputBias = bias ? AddParameter("bias_ih" + suffix, new Shape(gates), decays: false) : null;
            Parameter? hiddenBias = bias ? AddParameter("bias_hh" + suffix, new Shape(gates), decays: false) : null;
            _cells[i] = new RecurrentCell(kind, inputWeight, hiddenWeight, inputBias, hiddenBias);
        }
    }

    /// <summary>What is added to the biases of the gates that keep the state when training begins; above 0, what was seen is still there after many steps.</summary>
    internal float ForgetBias { get; init; }

    /// <summary>Units of each direction.</summary>
    public int Units => _units;

    /// <summary>Elements of a sample's state: h, for an LSTM h and then c, of each layer and direction one after the other.</summary>
    public int StateWidth => _cells.Length * RecurrentCell.WidthOf(_kind, _units);

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 3 || input[2] != _inFeatures || input[1] < 1)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_inFeatures}] with at least one step.", nameof(input));
        }

        return input.With(2, _directions * _units);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = 0;
        _ = OutputShape(input);
        foreach (RecurrentCell cell in _cells)
        {
            macs += cell.StepMacs;
        }

        return input[0] * input[1] * macs;
    }

    /// <summary>Runs the layer over sequences of unequal lengths, from a state to a state.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, in].</param>
    /// <param name="steps">The steps of each sample, a row a sample over T; none: all.</param>
    /// <param name="initial">The state before the first step, [N, <see cref="StateWidth"/>]; none: zeros.</param>
    /// <param name="last">The state after each sample's last step, [N, <see cref="StateWidth"/>].</param>
    /// <returns>[N, T, directions · H].</returns>
    /// <exception cref="ArgumentException">The shapes or the steps do not fit.</exception>
    public Tensor Forward(Context context, Tensor input, Selection steps, Tensor initial, out Tensor last)
    {
        ArgumentNullException.ThrowIfNull(context);
        _ = OutputShape(input.Shape);
        StepRows.Check(steps, input.Shape);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor output = Compute(context, input, steps, initial, out last);
        _ = scope.Keep(last);
        return scope.Keep(output);
    }

    /// <summary>Runs the layer over sequences of unequal lengths.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, in].</param>
    /// <param name="steps">The steps of each sample, a row a sample over T; none: all.</param>
    /// <returns>[N, T, directions · H].</returns>
    public Tensor Forward(Context context, Tensor input, Selection steps) => Forward(context, input, steps, default, out _);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        for (int i = 0; i < _cells.Length; i++)
        {
            _cells[i].Initialize(random, 4 * i, ForgetBias);
        }
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory)
    {
        foreach (RecurrentCell cell in _cells)
        {
            cell.Freeze();
        }
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Compute(context, input, default, default, out _));
    }

    private Tensor Compute(Context context, Tensor input, Selection steps, Tensor initial, out Tensor last)
    {
        int width = RecurrentCell.WidthOf(_kind, _units);
        Tensor[]? parts = context.Tape is null ? null : new Tensor[_cells.Length];
        last = parts is null ? context.Workspace.Rent(new Shape(input.Shape[0], StateWidth)) : default;
        Tensor sequence = input;
        for (int layer = 0; layer < _layers; layer++)
        {
            Tensor forward = default;
            for (int direction = 0; direction < _directions; direction++)
            {
                int i = (layer * _directions) + direction;
                Tensor own = initial.Exists ? context.Slice(initial, 1, i * width, width) : default;
                Tensor output = SequenceWalk.Run(context, _cells[i], sequence, steps, own, direction == 1, out Tensor state);
                if (parts is not null)
                {
                    parts[i] = state;
                }
                else
                {
                    StepRows.Put(state, default, last, i * width, width);
                }

                forward = direction == 0 ? output : context.Concat(2, forward, output);
            }

            sequence = forward;
        }

        last = parts is null ? last : parts.Length == 1 ? parts[0] : context.Concat(1, parts);
        return sequence;
    }
}
