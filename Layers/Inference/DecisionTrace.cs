using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// What each exit that a sample passed said of it, in the last call of a session. It belongs to the session, which fills it anew at each call.
/// </summary>
public sealed class DecisionTrace
{
    private readonly int _exits;
    private float[] _confidences = [];
    private int[] _labels = [];
    private int[] _seen = [];

    internal DecisionTrace(int exits) => _exits = exits;

    /// <summary>The number of samples of the call.</summary>
    public int Samples { get; private set; }

    /// <summary>How many exits a sample passed, the one it left at included.</summary>
    /// <param name="sample">The sample, in the caller's order.</param>
    public int ExitsSeen(int sample) => _seen[Checked(sample)];

    /// <summary>How sure the exits were that a sample passed, from the first to the one it left at.</summary>
    /// <param name="sample">The sample, in the caller's order.</param>
    public ReadOnlySpan<float> Confidences(int sample) => _confidences.AsSpan(Checked(sample) * _exits, _seen[sample]);

    /// <summary>The classes that the exits said which a sample passed, from the first to the one it left at.</summary>
    /// <param name="sample">The sample, in the caller's order.</param>
    public ReadOnlySpan<int> Labels(int sample) => _labels.AsSpan(Checked(sample) * _exits, _seen[sample]);

    internal void Begin(int samples)
    {
        Samples = samples;
        if (samples > _seen.Length)
        {
            _seen = new int[samples];
            _labels = new int[samples * _exits];
            _confidences = new float[samples * _exits];
        }

        Array.Clear(_seen, 0, samples);
    }

    internal void Add(int sample, int label, float confidence)
    {
        int place = (sample * _exits) + _seen[sample]++;
        _labels[place] = label;
        _confidences[place] = confidence;
    }

    private int Checked(int sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sample, Samples);
        return sample;
    }
}
