using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// What a network remembers that looks at frames one by one: an LSTM, one step a look, with PyTorch's names and order of gates. Its state is one tensor, h and then c.
/// </summary>
public sealed class LookMemory : Module
{
    private readonly RecurrentCell _cell;

    /// <summary>Makes a memory.</summary>
    /// <param name="features">Features of a look.</param>
    /// <param name="hidden">Units.</param>
    public LookMemory(int features, int hidden)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(hidden, 1);
        _cell = new RecurrentCell(
            RecurrentKind.Lstm,
            AddParameter("weight_ih", new Shape(4 * hidden, features)),
            AddParameter("weight_hh", new Shape(4 * hidden, hidden)),
            AddParameter("bias_ih", new Shape(4 * hidden), decays: false),
            AddParameter("bias_hh", new Shape(4 * hidden), decays: false));
    }

    /// <summary>Elements of a state.</summary>
    public int StateWidth => _cell.StateWidth;

    /// <summary>MACs of a step for one video.</summary>
    public long StepMacs => _cell.StepMacs;

    /// <summary>Takes in what was seen.</summary>
    /// <param name="context">The context.</param>
    /// <param name="features">[N, features].</param>
    /// <param name="state">[N, <see cref="StateWidth"/>].</param>
    /// <returns>The state afterwards.</returns>
    public Tensor Step(Context context, Tensor features, Tensor state)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(_cell.Step(context, _cell.FromInput(context, features), state));
    }

    /// <summary>h of a state, [N, hidden].</summary>
    /// <param name="context">The context.</param>
    /// <param name="state">[N, <see cref="StateWidth"/>].</param>
    public Tensor HiddenOf(Context context, Tensor state) => _cell.HiddenOf(context, state);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _cell.Initialize(random, 0, forgetBias: 1);

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _cell.Freeze();
}
