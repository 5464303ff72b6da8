using System;
using System.Collections.Generic;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Inference.Calibration;

/// <summary>
/// What every exit of a network says of every sample of a set, kept so that thresholds can be tried out without running the network again: a
/// sample's logits are the same bits here and in a <see cref="Session"/>.
/// </summary>
public sealed class ExitLogits
{
    private readonly float[] _logits;
    private readonly long[] _macs;
    private readonly int[] _labels;
    private readonly float[] _certainties;

    /// <summary>Wraps logits that were computed elsewhere.</summary>
    /// <param name="exits">The number of exits.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="logits">[exits, samples, classes].</param>
    /// <param name="macs">MACs executed for a sample that leaves at an exit, [exits, samples].</param>
    /// <param name="labels">The true class of each sample.</param>
    /// <param name="certainties">What the exits' gates said, [exits, samples]; none: they have none.</param>
    /// <exception cref="ArgumentException">A length is wrong, a label is no class, or a logit is not finite.</exception>
    public ExitLogits(int exits, int classes, float[] logits, long[] macs, int[] labels, float[]? certainties = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exits, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(macs);
        ArgumentNullException.ThrowIfNull(labels);
        if (logits.Length != (long)exits * labels.Length * classes || macs.Length != (long)exits * labels.Length)
        {
            throw new ArgumentException($"{logits.Length} logits and {macs.Length} costs were given; expected {(long)exits * labels.Length * classes} and {(long)exits * labels.Length} for {exits} exits, {labels.Length} samples and {classes} classes.", nameof(logits));
        }

        if (certainties is { Length: > 0 } && certainties.Length != macs.Length)
        {
            throw new ArgumentException($"{certainties.Length} certainties were given; expected none or {macs.Length}.", nameof(certainties));
        }

        CheckLabels(labels, classes);
        int wrong = ModelChecks.FirstNonFinite(logits);
        if (wrong >= 0)
        {
            throw new ArgumentException($"Logit {wrong % classes} of sample {wrong / classes % labels.Length} at exit {wrong / classes / labels.Length} is not finite.", nameof(logits));
        }

        Exits = exits;
        Classes = classes;
        _logits = logits;
        _macs = macs;
        _labels = labels;
        _certainties = certainties ?? [];
    }

    /// <summary>The number of exits.</summary>
    public int Exits { get; }

    /// <summary>The number of classes.</summary>
    public int Classes { get; }

    /// <summary>The number of samples.</summary>
    public int Samples => _labels.Length;

    /// <summary>The true classes.</summary>
    public ReadOnlySpan<int> Labels => _labels;

    /// <summary>The logits of one sample at one exit.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="sample">The sample.</param>
    public ReadOnlySpan<float> Of(int exit, int sample) => _logits.AsSpan(((exit * Samples) + sample) * Classes, Classes);

    /// <summary>The MACs executed for one sample that leaves at one exit.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="sample">The sample.</param>
    public long Macs(int exit, int sample) => _macs[(exit * Samples) + sample];

    /// <summary>How sure the gate of one exit is of one sample, from 0 to 1; NaN where an exit has no gate.</summary>
    /// <param name="exit">The exit.</param>
    /// <param name="sample">The sample.</param>
    public float Certainty(int exit, int sample) => _certainties.Length == 0 ? float.NaN : _certainties[(exit * Samples) + sample];

    /// <summary>Runs all exits on all images of a data set, to which the model's preprocessing is applied.</summary>
    /// <param name="model">The model.</param>
    /// <param name="dataset">The images; for calibration a validation set, never a test set.</param>
    /// <param name="options">How to compute.</param>
    /// <param name="progress">Is told the part that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="ArgumentException">The model has no preprocessing, or takes images of another shape or fewer classes.</exception>
    public static ExitLogits Collect(Model model, ImageDataset dataset, SessionOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Preprocessing preprocessing = model.Preprocessing ?? throw new ArgumentException("The model carries no preprocessing, so it cannot take images.", nameof(model));
        return Collect(model, preprocessing.Encode(dataset), options, progress, cancellation);
    }

    /// <summary>Runs all exits on all samples of a set that the model's encoding made.</summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">The samples; for calibration a validation set, never a test set.</param>
    /// <param name="options">How to compute.</param>
    /// <param name="progress">Is told the part that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="ArgumentException">The model takes samples of another shape or fewer classes.</exception>
    public static ExitLogits Collect(Model model, SampleSet samples, SessionOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.SampleShape != model.SampleShape)
        {
            throw new ArgumentException($"The samples have shape {samples.SampleShape}; the model takes {model.SampleShape}.", nameof(samples));
        }

        int[] labels = new int[samples.Count];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = samples.Label(i);
        }

        return Collect(model, labels, samples.Read, options, progress, cancellation);
    }

    /// <summary>Runs all exits on samples whose values are already preprocessed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">The samples' values one after another, channels last.</param>
    /// <param name="labels">The true classes.</param>
    /// <param name="options">How to compute.</param>
    /// <param name="progress">Is told the part that is done, from 0 to 1.</param>
    /// <param name="cancellation">Ends the work early.</param>
    /// <exception cref="ArgumentException">The number of values is wrong, or a label is no class.</exception>
    public static ExitLogits Collect(Model model, ReadOnlyMemory<float> inputs, int[] labels, SessionOptions? options = null, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(labels);
        int size = model.SampleShape.Count;
        if (inputs.Length != (long)labels.Length * size)
        {
            throw new ArgumentException($"{inputs.Length} values were given; expected {(long)labels.Length * size}, {labels.Length} × {model.SampleShape}.", nameof(inputs));
        }

        return Collect(model, labels, (sample, destination) => inputs.Span.Slice(sample * size, size).CopyTo(destination), options, progress, cancellation);
    }

    /// <summary>The logits of some of the samples.</summary>
    internal ExitLogits Of(IReadOnlyList<int> samples)
    {
        float[] logits = new float[Exits * samples.Count * Classes];
        long[] macs = new long[Exits * samples.Count];
        int[] labels = new int[samples.Count];
        float[] certainties = new float[_certainties.Length == 0 ? 0 : macs.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = _labels[samples[i]];
            for (int exit = 0; exit < Exits; exit++)
            {
                int place = (exit * labels.Length) + i;
                macs[place] = Macs(exit, samples[i]);
                if (certainties.Length > 0)
                {
                    certainties[place] = Certainty(exit, samples[i]);
                }

                Of(exit, samples[i]).CopyTo(logits.AsSpan(place * Classes, Classes));
            }
        }

        return new ExitLogits(Exits, Classes, logits, macs, labels, certainties);
    }

    private static ExitLogits Collect(Model model, int[] labels, Action<int, Span<float>> fill, SessionOptions? options, IProgress<double>? progress, CancellationToken cancellation)
    {
        CheckLabels(labels, model.ClassCount);
        options ??= SessionOptions.Default;
        int exits = model.ExitCount;
        int classes = model.ClassCount;
        int size = model.SampleShape.Count;
        float[] logits = new float[checked(exits * labels.Length * classes)];
        long[] macs = new long[checked(exits * labels.Length)];
        float[] certainties = new float[model.Network.HasExitGates ? macs.Length : 0];
        Array.Fill(certainties, float.NaN);
        StageLoop loop = new(model, options);
        StageState state = model.Network.CreateState();
        Context context = loop.Context;
        context.Cancellation = cancellation;
        for (int first = 0; first < labels.Length; first += loop.ChunkSamples)
        {
            int rows = Math.Min(loop.ChunkSamples, labels.Length - first);
            using WorkspaceScope scope = context.Workspace.Enter();
            Tensor input = context.Workspace.Rent(model.Network.BatchShape(rows));
            for (int row = 0; row < rows; row++)
            {
                fill(first + row, input.Span.Slice(row * size, size));
            }

            context.Samples = default(Selection);
            loop.Meter.Begin(rows);
            model.Network.Start(context, input, state);
            for (int exit = 0; exit < exits; exit++)
            {
                Tensor answer = model.Network.Advance(context, state);
                answer.Span.CopyTo(logits.AsSpan(((exit * labels.Length) + first) * classes, rows * classes));
                for (int row = 0; row < rows; row++)
                {
                    macs[(exit * labels.Length) + first + row] = loop.Meter.ExecutedMacs(row);
                }

                if (certainties.Length > 0 && state.Certainty.Exists)
                {
                    state.Certainty.Span.CopyTo(certainties.AsSpan((exit * labels.Length) + first, rows));
                }
            }

            progress?.Report((double)(first + rows) / labels.Length);
        }

        return new ExitLogits(exits, classes, logits, macs, labels, certainties);
    }

    private static void CheckLabels(ReadOnlySpan<int> labels, int classes)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            if ((uint)labels[i] >= (uint)classes)
            {
                throw new ArgumentException($"Sample {i} has label {labels[i]}; expected 0 to {classes - 1}.", nameof(labels));
            }
        }
    }
}
