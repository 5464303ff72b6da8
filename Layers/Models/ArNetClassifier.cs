using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;

namespace ManagedDyn.Layers.Models;

/// <summary>The layers of <see cref="ArNet"/>, and how they take frames as they come.</summary>
internal sealed class ArNetClassifier : Layer, IStepwise
{
    // Beyond, a float no longer counts one by one.
    private const int MostFrames = 1 << 24;

    private readonly ArNetOptions _options;
    private readonly FrameResolution _frames;

    public ArNetClassifier(ArNetOptions options)
    {
        _options = options;
        int count = options.Reductions.Length;
        Layer[] networks = new Layer[count];
        (int Height, int Width)[] sizes = new (int, int)[count];
        for (int i = 0; i < count; i++)
        {
            networks[i] = new Sequential(FrameEncoder.Create(options.InputChannels, options.Channels), new Linear(options.Channels[^1], options.Classes));
            sizes[i] = (Math.Max(1, options.Height / options.Reductions[i]), Math.Max(1, options.Width / options.Reductions[i]));
        }

        _frames = Add("frames", new FrameResolution(
            FrameEncoder.Create(options.InputChannels, options.PolicyChannels),
            Math.Max(1, options.Height / options.Reduction),
            Math.Max(1, options.Width / options.Reduction),
            options.PolicyChannels[^1],
            options.PolicyHidden,
            networks,
            sizes,
            options.Skips,
            new GumbelSoftmaxRelaxation(noiseUntil: options.NoiseUntil),
            options.Openness));
    }

    public Shape StepShape => new(_options.Height, _options.Width, _options.InputChannels);

    public int StepLimit => MostFrames;

    public int StateLength => _frames.StateWidth(_options.Classes);

    public bool WillRead(ReadOnlySpan<float> state, int position) => FrameResolution.PauseOf(state) == 0;

    public bool IsSound(ReadOnlySpan<float> state, int position)
    {
        float seen = state[^2];
        float pause = state[^1];
        bool isCount = seen == MathF.Truncate(seen) && seen >= (position > 0 ? 1 : 0) && seen <= position;
        return isCount && pause == MathF.Truncate(pause) && pause >= 0 && pause <= _frames.LongestPause;
    }

    public StepAnswer Step(Context context, Tensor input, Tensor state, int position)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor choices = context.Workspace.Rent(new Shape(1));
        _frames.Advance(context, input, state, choices);
        return new StepAnswer(scope.Keep(_frames.Answer(context, state)), choices.Span[0] >= 0);
    }

    public override Shape OutputShape(Shape input) => _frames.OutputShape(input);

    public override long CountMacs(Shape input) => _frames.CountMacs(input);

    protected override Tensor Run(Context context, Tensor input) => _frames.Forward(context, input);
}
