using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Sampling of key frames (Korbar, Tran and Torresani, "SCSampler", ICCV 2019): a cheap network sees all frames small, and an expensive one the most salient. Two
/// stages: the cheap network answers first, by the mean of its logits, for those who are sure already; both are trained together.
/// </summary>
public sealed class KeyFrameNet : StagedNetwork
{
    private const int VideoSlot = 0;
    private const int GlanceSlot = 1;

    private readonly KeyFrameNetOptions _options;
    private readonly KeyFrameSampling _sampling;
    private readonly long _glanceMacs;
    private readonly long _lookMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public KeyFrameNet(KeyFrameNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = options.SampleShape;
        _sampling = Add("sampling", new KeyFrameSampling(
            Classifier(options.InputChannels, options.GlanceChannels, options.Classes),
            Math.Max(1, options.Height / options.Reduction),
            Math.Max(1, options.Width / options.Reduction),
            Classifier(options.InputChannels, options.Channels, options.Classes),
            options.Looks));
        _glanceMacs = _sampling.GlanceMacs(BatchShape(1));
        _lookMacs = _sampling.LookMacs(BatchShape(1));
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => 2;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => stage == 0 ? _glanceMacs : _lookMacs;

    /// <inheritdoc/>
    public override StageState CreateState() => new(2);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, VideoSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        if (stage == 1)
        {
            return _sampling.Look(context, state[VideoSlot], state[GlanceSlot]);
        }

        Tensor glance = _sampling.Glance(context, state[VideoSlot]);
        state.Set(context, GlanceSlot, glance);
        return context.Mean(glance, 1);
    }

    private static Sequential Classifier(int inChannels, int[] channels, int classes) =>
        new(FrameEncoder.Create(inChannels, channels), new Linear(channels[^1], classes));
}
