using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Lets every exit learn from a trained network: L = L₀ + δ·(1/K) Σ_k T²·KL(softmax(t/T) ‖ softmax(z_k/T)) with the teacher's last answer t on the same
/// batch (Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015).
/// </summary>
/// <remarks>The teacher runs as at inference and is never changed, so a resumed run sees the same answers.</remarks>
public sealed class TeacherDistillation : AddedObjective
{
    private readonly StagedNetwork _teacher;
    private readonly StageState _state;
    private readonly string _name;
    private readonly float _weight;
    private readonly float _temperature;
    private Tensor _answer;

    /// <summary>Makes the objective.</summary>
    /// <param name="inner">L₀.</param>
    /// <param name="teacher">A frozen network.</param>
    /// <param name="name">What tells this teacher from others, for <see cref="Objective.Description"/>.</param>
    /// <param name="weight">δ, at least 0.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <exception cref="ArgumentException">The teacher is not frozen.</exception>
    public TeacherDistillation(Objective inner, StagedNetwork teacher, string name, float weight = 1, float temperature = 3)
        : base(inner)
    {
        ArgumentNullException.ThrowIfNull(teacher);
        ArgumentNullException.ThrowIfNull(name);
        if (!teacher.IsFrozen)
        {
            throw new ArgumentException("The teacher can still be trained; expected a frozen network.", nameof(teacher));
        }

        ObjectiveCheck.Weight(weight, nameof(weight));
        ObjectiveCheck.Temperature(temperature, nameof(temperature));
        _teacher = teacher;
        _state = teacher.CreateState();
        _name = name;
        _weight = weight;
        _temperature = temperature;
    }

    /// <inheritdoc/>
    public override string Description => string.Create(CultureInfo.InvariantCulture, $"teacher({Inner.Description}, {_name}, weight={_weight:R}, temperature={_temperature:R})");

    /// <inheritdoc/>
    public override void ObserveSamples(Context context, Tensor samples, ReadOnlySpan<int> labels)
    {
        ArgumentNullException.ThrowIfNull(context);
        base.ObserveSamples(context, samples, labels);
        (Tape? tape, Mode mode, Engine.Execution.Decisions decisions) = (context.Tape, context.Mode, context.Decisions);
        (DecisionLedger? ledger, ComputeMeter? meter) = (context.Ledger, context.Meter);
        (context.Tape, context.Mode, context.Decisions) = (null, Mode.Evaluate, Engine.Execution.Decisions.Hard);
        (context.Ledger, context.Meter) = (null, null);
        try
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            _teacher.Start(context, samples, _state);
            for (int stage = 0; stage < _teacher.StageCount; stage++)
            {
                _answer = _teacher.Advance(context, _state);
            }

            scope.Keep(_answer);
        }
        finally
        {
            (context.Tape, context.Mode, context.Decisions) = (tape, mode, decisions);
            (context.Ledger, context.Meter) = (ledger, meter);
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!_answer.Exists)
        {
            throw new InvalidOperationException("The teacher has seen no samples; they are to be shown before the loss is computed.");
        }

        Tensor[] losses = new Tensor[logits.Length + 1];
        float[] factors = new float[losses.Length];
        losses[0] = Inner.Compute(context, logits, labels, exitLosses);
        factors[0] = 1;
        for (int exit = 0; exit < logits.Length; exit++)
        {
            losses[exit + 1] = context.Distillation(logits[exit], _answer, _temperature);
            factors[exit + 1] = _weight / logits.Length;
        }

        return WeightedSum.Compute(context, losses, factors);
    }
}
