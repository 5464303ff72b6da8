using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The time steps of a sequence [N, T, …]: takes one out, and puts the states after each together. While a tape records, states are kept and
/// joined at the end; otherwise each is copied to its place at once, and nothing is kept.
/// </summary>
internal readonly struct SequenceSteps
{
    private readonly Context _context;
    private readonly int _samples;
    private readonly int _width;
    private readonly Tensor[]? _states;
    private readonly Tensor _output;

    public SequenceSteps(Context context, Tensor input, Tensor hiddenWeight, int gates)
    {
        if (input.Shape.Rank != 3 || hiddenWeight.Shape.Rank != 2 || hiddenWeight.Shape[0] != (long)gates * hiddenWeight.Shape[1])
        {
            throw new ArgumentException($"The sequence has shape {input.Shape} and the hidden weight {hiddenWeight.Shape}; expected [N, T, I] and [{gates} · H, H].", nameof(input));
        }

        _context = context;
        _samples = input.Shape[0];
        _width = hiddenWeight.Shape[1];
        Count = input.Shape[1];
        if (Count == 0)
        {
            throw new ArgumentException($"The sequence has shape {input.Shape}; expected at least one time step.", nameof(input));
        }

        _states = context.Tape is null ? null : new Tensor[Count];
        _output = context.Tape is null ? context.Workspace.Rent(new Shape(_samples, Count, _width)) : default;
    }

    public int Count { get; }

    public Tensor StateOrZeros(Tensor state)
    {
        Shape shape = new(_samples, _width);
        if (state.Exists && state.Shape != shape)
        {
            throw new ArgumentException($"The state before the first step has shape {state.Shape}; expected {shape}.", nameof(state));
        }

        return state.Exists ? state : _context.Workspace.RentZeros(shape);
    }

    public Tensor At(Tensor sequence, int time) =>
        _context.Slice(sequence, 1, time, 1).Reshape(new Shape(_samples, sequence.Shape[2]));

    public void Set(int time, Tensor state)
    {
        if (_states is not null)
        {
            _states[time] = state.Reshape(new Shape(_samples, 1, _width));
            return;
        }

        StridedPlan plan = new(new Shape(_samples, _width), 0, [_width, 1], time * _width, [Count * _width, 1]);
        MoveOperator.Run(_context, in plan, state, _output, add: false);
    }

    public Tensor Join() => _states is null ? _output : _context.Concat(1, _states);

    /// <summary>Adds a gradient to an input that asks for one.</summary>
    public static void Give(Context context, Gradients gradients, Tensor input, Tensor gradient)
    {
        if (Gradients.Flows(input))
        {
            Tensor target = gradients.Into(input, out bool accumulate);
            MoveOperator.Run(context, new StridedPlan(new Shape(input.Count), 0, [1], 0, [1]), gradient, target, accumulate);
        }
    }
}
