using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// Looks at all frames of a video small and cheaply, and at the k that are most salient with an expensive network: s_j = max_c softmax(glance(small frame j))_c,
/// y = mean of network(frame j) over the k largest s_j (Korbar, Tran and Torresani, "SCSampler", ICCV 2019, section 3.2): [N, T, H, W, C] to [N, classes].
/// </summary>
/// <remarks>
/// The sampler is a classifier of its own, as the paper's: it learns from the mean of its logits over the frames (<see cref="Glance"/>), and no gradient of y reaches
/// it. Deviation: while training, frames are drawn without replacement in proportion to s (the k largest of log s + Gumbel noise), so that the expensive network
/// learns of frames that the sampler does not like yet; the paper trains it on frames drawn evenly.
/// </remarks>
public sealed class KeyFrameSampling : Layer
{
    private readonly Layer _glance;
    private readonly Layer _network;
    private readonly int _count;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Makes a layer.</summary>
    /// <param name="glance">A small frame, [n, height, width, C], to logits [n, classes].</param>
    /// <param name="height">Rows of a small frame.</param>
    /// <param name="width">Columns of a small frame.</param>
    /// <param name="network">A frame, [n, H, W, C], to [n, classes].</param>
    /// <param name="count">k; videos of fewer frames are seen whole.</param>
    public KeyFrameSampling(Layer glance, int height, int width, Layer network, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _glance = Add("glance", glance);
        _network = Add("network", network);
        _count = count;
        _height = height;
        _width = width;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _network.OutputShape(FrameRows.Frame(input, input[0]));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => GlanceMacs(input) + LookMacs(input);

    /// <summary>MACs of seeing all frames small, batch included.</summary>
    /// <param name="input">[N, T, H, W, C].</param>
    public long GlanceMacs(Shape input) => _glance.CountMacs(Small(input, checked(input[0] * input[1])));

    /// <summary>MACs of the k frames, batch included.</summary>
    /// <param name="input">[N, T, H, W, C].</param>
    public long LookMacs(Shape input) => _network.CountMacs(FrameRows.Frame(input, input[0] * Math.Min(_count, input[1])));

    /// <summary>What the sampler thinks of each frame.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, H, W, C].</param>
    /// <returns>Logits, [N, T, classes].</returns>
    public Tensor Glance(Context context, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        (int samples, int frames) = (input.Shape[0], input.Shape[1]);
        Selection all = Selection.All(samples, frames);
        Tensor small = context.AdaptiveAveragePool2d(input.Reshape(FrameRows.Frame(input.Shape, samples * frames)), _height, _width);
        Tensor logits = FrameRows.Run(context, _glance, small, all, frames);
        return scope.Keep(logits.Reshape(new Shape(samples, frames, logits.Shape[1])));
    }

    /// <summary>Looks at the most salient frames.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, T, H, W, C].</param>
    /// <param name="glance">What <see cref="Glance"/> gave.</param>
    /// <returns>[N, classes].</returns>
    public Tensor Look(Context context, Tensor input, Tensor glance)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        (int samples, int frames) = (input.Shape[0], input.Shape[1]);
        int count = Math.Min(_count, frames);
        bool draws = context.Decisions == Engine.Execution.Decisions.Relaxed && context.Mode == Mode.Train;
        Tensor salience = Salience(context, glance, draws);
        Selection chosen = count == frames ? Selection.All(samples, frames) : context.Workspace.SelectTop(samples, frames, salience.Span, count);
        context.Record(new DecisionRecord
        {
            Layer = Number,
            Kind = DecisionKind.Steps,
            Rows = samples,
            Selected = draws ? default : scope.Keep(chosen),
            UnitMacs = _network.CountMacs(FrameRows.Frame(input.Shape, 1)),
        });
        Tensor output = FrameRows.Run(context, _network, FrameRows.Gather(context, input, chosen), chosen, count);
        return scope.Keep(context.Mean(output.Reshape(new Shape(samples, count, output.Shape[1])), 1));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Look(context, input, Glance(context, input)));
    }

    // max log p over the classes, [N, T]: in the order of max p. Numbers: nothing flows through them.
    private Tensor Salience(Context context, Tensor glance, bool draws)
    {
        (int samples, int frames, int classes) = (glance.Shape[0], glance.Shape[1], glance.Shape[2]);
        Engine.Autograd.Tape? tape = context.Tape;
        context.Tape = null;
        Tensor salience = context.Workspace.Rent(new Shape(samples, frames));
        Tensor chances = context.LogSoftmax(glance);
        for (int i = 0; i < salience.Count; i++)
        {
            float most = float.NegativeInfinity;
            foreach (float chance in chances.Span.Slice(i * classes, classes))
            {
                most = MathF.Max(most, chance);
            }

            salience.Span[i] = most;
        }

        Tensor result = draws ? context.Add(salience, context.RentGumbel(salience.Shape, context.NoiseOf(this))) : salience;
        context.Tape = tape;
        return result;
    }

    private Shape Small(Shape input, int count)
    {
        FrameRows.Check(input);
        return new Shape(count, _height, _width, input[4]);
    }
}
