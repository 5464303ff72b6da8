using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Decisions.Relaxations;

/// <summary>
/// One relaxation for the first part of training and another one for the rest, as in SkipNet's hybrid learning: supervised with soft gates first, then by
/// policy gradient (Wang et al., ECCV 2018, section 3.3).
/// </summary>
public sealed class PhasedRelaxation : BinaryRelaxation
{
    private readonly BinaryRelaxation _first;
    private readonly BinaryRelaxation _second;
    private readonly float _change;

    /// <summary>Makes the relaxation.</summary>
    /// <param name="first">Used up to the change.</param>
    /// <param name="second">Used from then on.</param>
    /// <param name="change">The share of training after which the second one is used, from 0 to 1.</param>
    public PhasedRelaxation(BinaryRelaxation first, BinaryRelaxation second, float change)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        if (!(change >= 0 && change <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(change), change, "Expected a share of training from 0 to 1.");
        }

        _first = first;
        _second = second;
        _change = change;
    }

    /// <inheritdoc/>
    public override string Description => FormattableString.Invariant($"{_first.Description} until {_change:R}, then {_second.Description}");

    /// <inheritdoc/>
    public override RelaxedChoice Relax(Context context, Tensor logits, RandomStream noise)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (context.Progress < _change ? _first : _second).Relax(context, logits, noise);
    }
}
