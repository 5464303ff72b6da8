using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// Layers one after another, of which each sample runs as many as it needs by adaptive computation time (Figurnov et al., "Spatially adaptive computation
/// time for residual networks", CVPR 2017, section 3.1: ACT, one of these a group of a residual network). Its ponder cost is the term "ponder" of the loss.
/// </summary>
/// <remarks>The layers are named "0", "1", … as those of <see cref="Sequential"/>, their halting scores "score0", "score1", ….</remarks>
public sealed class HaltingSequence : Layer
{
    private readonly Layer[] _steps;
    private readonly Layer[] _scores;
    private readonly float _epsilon;

    /// <summary>Makes a sequence.</summary>
    /// <param name="channels">Channels of the states.</param>
    /// <param name="steps">The layers, first to last; all outputs have one shape. The first one runs always.</param>
    /// <param name="epsilon">ε: a sample halts when its scores reach 1 − ε.</param>
    /// <param name="start">The bias of the scores at the beginning.</param>
    public HaltingSequence(int channels, ReadOnlySpan<Layer> steps, float epsilon = 0.01f, float start = -3)
    {
        if (steps.Length == 0)
        {
            throw new ArgumentException("No layer was given; expected at least one.", nameof(steps));
        }

        if (!(epsilon is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "Expected 0 or more, and less than 1.");
        }

        _epsilon = epsilon;
        _steps = steps.ToArray();
        _scores = new Layer[_steps.Length - 1];
        for (int t = 0; t < _steps.Length; t++)
        {
            Add(t.ToString(CultureInfo.InvariantCulture), _steps[t]);
        }

        for (int t = 0; t < _scores.Length; t++)
        {
            _scores[t] = Add("score" + t.ToString(CultureInfo.InvariantCulture), new HaltingScore(channels, start));
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        Shape output = _steps[0].OutputShape(input);
        for (int t = 1; t < _steps.Length; t++)
        {
            Shape next = _steps[t].OutputShape(output);
            if (next != output)
            {
                throw new ArgumentException($"Step {t} turns shape {output} into {next}; expected the same shape.", nameof(input));
            }
        }

        return output;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = 0;
        for (int t = 0; t < _steps.Length; t++)
        {
            macs += _steps[t].CountMacs(input);
            input = _steps[t].OutputShape(input);
            macs += t < _scores.Length ? _scores[t].CountMacs(input) : 0;
        }

        return macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => context.Halt(input, _steps, _scores, _epsilon, Number);
}
