using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// The features of each frame, of which those that changed too little are not looked at: they get the features of the last frame that was. [N, T, H, W, C] to
/// [N, T, features]. A frame is seen when any of its bits differs from that one (threshold 0: exactly what seeing every frame gives), or when
/// mean|x_t − x_ref| is above the threshold (the key frames of Zhu et al., "Deep feature flow", CVPR 2017, section 3, with an identity for the flow, chosen by change
/// as in Habibian et al., "Skip-convolutions", CVPR 2021, section 3.2).
/// </summary>
/// <remarks>
/// The reference is the last frame seen, not the one before, so that slow changes add up until they count. Nothing is learned. While training, all frames are
/// encoded, and the same ones answer for the others. Features within a frame of which only a part changes are reused by
/// the streams of SpatialWise/PixelLevel.
/// </remarks>
public sealed class FrameReuse : Layer
{
    private readonly Layer _encoder;
    private readonly float _threshold;

    /// <summary>Makes a layer.</summary>
    /// <param name="encoder">A frame, [n, H, W, C], to [n, features].</param>
    /// <param name="threshold">0: exact; else the mean absolute change that is still let pass, finite.</param>
    public FrameReuse(Layer encoder, float threshold = 0)
    {
        if (!(threshold >= 0 && float.IsFinite(threshold)))
        {
            throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "Expected a finite threshold of at least 0.");
        }

        _encoder = Add("encoder", encoder);
        _threshold = threshold;
    }

    /// <summary>The mean absolute change that is still let pass.</summary>
    public float Threshold => _threshold;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        Shape features = _encoder.OutputShape(FrameRows.Frame(input, input[0]));
        return new Shape(input[0], input[1], features[1]);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _encoder.CountMacs(FrameRows.Frame(input, checked(input[0] * input[1])));

    /// <summary>Takes the next frame of each of some streams.</summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="frame">[N, H, W, C].</param>
    /// <param name="reference">The last frames seen, [N, H · W · C]; changed in place.</param>
    /// <param name="features">Their features, [N, features]; changed in place.</param>
    /// <param name="isFirst">Whether there is no reference yet.</param>
    /// <returns>The streams whose frame was looked at, one row over N.</returns>
    internal Selection Advance(Context context, Tensor frame, Tensor reference, Tensor features, bool isFirst)
    {
        int samples = frame.Shape[0];
        int size = reference.Shape[1];
        Tensor marks = context.Workspace.Rent(new Shape(samples));
        for (int n = 0; n < samples; n++)
        {
            ReadOnlySpan<float> now = frame.Span.Slice(n * size, size);
            Span<float> last = reference.Span.Slice(n * size, size);
            bool isSeen = isFirst || Differs(now, last);
            marks.Span[n] = isSeen ? 1 : 0;
            if (isSeen)
            {
                now.CopyTo(last);
            }
        }

        Selection seen = context.Workspace.SelectAtLeast(1, samples, marks.Span, 0.5f);
        seen = seen.Count == samples ? Selection.All(1, samples) : seen;
        using (MeterTurn turn = new(context, _encoder))
        {
            StepRows.CountOthers(context, seen, samples, _encoder.CountMacs(frame.Shape.With(0, 1)));
        }

        if (seen.IsAll || !seen.IsEmpty)
        {
            Selection outer = context.Samples;
            Tensor images = context.GatherSamples(frame, seen);
            context.Samples = seen.IsAll ? outer : context.Workspace.Nest(outer, seen);
            StepRows.Put(_encoder.Forward(context, images), seen, features, 0, features.Shape[1]);
            context.Samples = outer;
        }

        return seen;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        Shape shape = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Mode == Mode.Evaluate;
        return scope.Keep(isHard ? Hard(context, scope, input, shape) : Recorded(context, input, shape));
    }

    private Tensor Hard(Context context, WorkspaceScope scope, Tensor input, Shape shape)
    {
        (int samples, int frames, int width) = (shape[0], shape[1], shape[2]);
        Tensor output = context.Workspace.Rent(shape);
        Tensor reference = context.Workspace.Rent(new Shape(samples, input.Shape.ProductFrom(2)));
        Tensor features = context.Workspace.Rent(new Shape(samples, width));
        Tensor marks = context.Workspace.RentZeros(new Shape(samples, frames));
        for (int t = 0; t < frames; t++)
        {
            using WorkspaceScope turn = context.Workspace.Enter();
            Selection seen = Advance(context, FrameRows.At(context, input, t), reference, features, isFirst: t == 0);
            StepRows.Put(features, default, output, t * width, width);
            for (int i = 0; i < (seen.IsAll ? samples : seen.Count); i++)
            {
                marks.Span[((seen.IsAll ? i : seen.Indices[i]) * frames) + t] = 1;
            }
        }

        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Steps,
                Rows = samples,
                Selected = scope.Keep(context.Workspace.SelectAtLeast(samples, frames, marks.Span, 0.5f)),
                UnitMacs = _encoder.CountMacs(FrameRows.Frame(input.Shape, 1)),
            });
        }

        return output;
    }

    private Tensor Recorded(Context context, Tensor input, Shape shape)
    {
        (int samples, int frames, int width) = (shape[0], shape[1], shape[2]);
        int size = input.Shape.ProductFrom(2);
        int[] sources = new int[samples * frames];
        for (int i = 0; i < sources.Length; i++)
        {
            int last = i % frames == 0 ? -1 : sources[i - 1];
            sources[i] = last < 0 || Differs(input.Span.Slice(i * size, size), input.Span.Slice(last * size, size)) ? i : last;
        }

        Tensor all = FrameRows.Run(context, _encoder, input.Reshape(FrameRows.Frame(input.Shape, samples * frames)), Selection.All(samples, frames), frames);
        return context.GatherRows(all, sources).Reshape(new Shape(samples, frames, width));
    }

    private bool Differs(ReadOnlySpan<float> now, ReadOnlySpan<float> last)
    {
        double sum = 0;
        for (int i = 0; i < now.Length; i++)
        {
            if (_threshold == 0 && BitConverter.SingleToUInt32Bits(now[i]) != BitConverter.SingleToUInt32Bits(last[i]))
            {
                return true;
            }

            sum += MathF.Abs(now[i] - last[i]);
        }

        return _threshold > 0 && !(sum <= (double)_threshold * now.Length);
    }
}
