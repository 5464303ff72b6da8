using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Video;

namespace ManagedDyn.Layers.Models;

/// <summary>The layers of <see cref="FramePool"/>: videos [N, T, H, W, C] to logits [N, classes].</summary>
internal sealed class FramePoolClassifier : Layer, IStepwise
{
    // Beyond, a float no longer counts one by one.
    private const int MostFrames = 1 << 24;

    private readonly FramePoolOptions _options;
    private readonly FrameReuse _frames;
    private readonly Layer _encoder;
    private readonly SequencePooling _mean = new(SequencePoolingKind.Mean);
    private readonly Linear _head;

    public FramePoolClassifier(FramePoolOptions options)
    {
        _options = options;
        _encoder = FrameEncoder.Create(options.InputChannels, options.Channels);
        _frames = Add("frames", new FrameReuse(_encoder, options.Threshold));
        _head = Add("head", new Linear(options.Channels[^1], options.Classes));
    }

    public Shape StepShape => new(_options.Height, _options.Width, _options.InputChannels);

    public int StepLimit => MostFrames;

    /// <summary>The last frame looked at where frames are reused, its features, and the sum of features.</summary>
    public int StateLength => (_options.Reuses ? StepShape.Count : 0) + (2 * _options.Channels[^1]);

    public StepAnswer Step(Context context, Tensor input, Tensor state, int position)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        int width = _options.Channels[^1];
        int size = state.Count - (2 * width);
        Span<float> values = state.Span;
        Tensor features;
        bool isRead = true;
        if (_options.Reuses)
        {
            Tensor reference = context.Workspace.RentCopy(new Shape(1, size), values[..size]);
            features = context.Workspace.RentCopy(new Shape(1, width), values.Slice(size, width));
            Selection seen = _frames.Advance(context, input, reference, features, isFirst: position == 0);
            isRead = seen.IsAll;
            reference.Span.CopyTo(values);
        }
        else
        {
            features = _encoder.Forward(context, input);
        }

        features.Span.CopyTo(values[size..]);
        Tensor mean = context.Workspace.Rent(new Shape(1, width));
        float factor = 1f / (position + 1);
        for (int i = 0; i < width; i++)
        {
            ref float sum = ref values[size + width + i];
            sum = position == 0 ? features.Span[i] : sum + features.Span[i];
            mean.Span[i] = sum * factor;
        }

        return new StepAnswer(scope.Keep(_head.Forward(context, mean)), isRead);
    }

    public override Shape OutputShape(Shape input) => new(_frames.OutputShape(input)[0], _options.Classes);

    public override long CountMacs(Shape input) => _frames.CountMacs(input) + _head.CountMacs(new Shape(input[0], _options.Channels[^1]));

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        (int samples, int frames) = (input.Shape[0], input.Shape[1]);
        Tensor features = _options.Reuses
            ? _frames.Forward(context, input)
            : FrameRows.Run(context, _encoder, input.Reshape(FrameRows.Frame(input.Shape, samples * frames)), Selection.All(samples, frames), frames)
                .Reshape(new Shape(samples, frames, _options.Channels[^1]));
        return scope.Keep(_head.Forward(context, _mean.Forward(context, features)));
    }
}
