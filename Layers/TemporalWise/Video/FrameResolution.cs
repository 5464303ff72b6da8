using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// Chooses for each frame the network and the resolution that see it, or skips it and some after it: h_t = LSTM(f(small frame t), h), the action is the largest of
/// W·h_t + b, and y = Σ_t Σ_r u_{t,r}·F_r(frame t at size r)/Σ u over the frames seen (Meng et al., "AR-Net", ECCV 2020, section 3): [N, T, H, W, C] to [N, classes].
/// </summary>
/// <remarks>
/// Actions stand in this order: the resolutions by rising cost, then the skips, of which one of length s passes over this frame and the s − 1 behind it, unseen also
/// by the policy. Relaxed, actions are drawn by Gumbel-softmax, hard forward. The ledger gets the share of the largest network's cost that each frame takes, for
/// <see cref="Training.Objectives.ComputeBudget"/>, in place of the paper's own terms of the loss. Deviations: as long as no frame of a video has been seen, it
/// cannot be skipped, so that there is always an answer; sizes come by averaging.
/// </remarks>
public sealed class FrameResolution : Layer
{
    private const float Forbidden = -1e4f;

    private readonly Layer _small;
    private readonly RecurrentCell _cell;
    private readonly Linear _head;
    private readonly Layer[] _networks;
    private readonly (int Height, int Width)[] _sizes;
    private readonly int[] _skips;
    private readonly int _smallHeight;
    private readonly int _smallWidth;
    private readonly ChoiceRelaxation _relaxation;
    private readonly float _openness;

    /// <summary>Makes a layer.</summary>
    /// <param name="small">f: a small frame, [n, height, width, C], to [n, features].</param>
    /// <param name="smallHeight">Rows of a small frame.</param>
    /// <param name="smallWidth">Columns of a small frame.</param>
    /// <param name="features">Values that f gives.</param>
    /// <param name="hidden">Units of the LSTM.</param>
    /// <param name="networks">F, by rising cost: frames of their size to [n, classes].</param>
    /// <param name="sizes">Rows and columns that each sees.</param>
    /// <param name="skips">Lengths of the skips, at least 1; none: every frame is seen.</param>
    /// <param name="relaxation">How choices are trained; none: Gumbel-softmax, hard forward.</param>
    /// <param name="openness">What the logits of the resolutions begin with above those of the skips.</param>
    /// <exception cref="ArgumentException">Networks and sizes do not fit each other.</exception>
    public FrameResolution(
        Layer small,
        int smallHeight,
        int smallWidth,
        int features,
        int hidden,
        ReadOnlySpan<Layer> networks,
        ReadOnlySpan<(int Height, int Width)> sizes,
        ReadOnlySpan<int> skips,
        ChoiceRelaxation? relaxation = null,
        float openness = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(smallHeight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(smallWidth, 1);
        if (networks.IsEmpty || networks.Length != sizes.Length)
        {
            throw new ArgumentException($"{networks.Length} networks were given for {sizes.Length} sizes; expected as many, and at least one.", nameof(networks));
        }

        foreach (int skip in skips)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(skip, 1, nameof(skips));
        }

        int gates = RecurrentCell.GatesOf(RecurrentKind.Lstm) * hidden;
        _small = Add("small", small);
        _cell = new RecurrentCell(
            RecurrentKind.Lstm,
            AddParameter("weight_ih", new Shape(gates, features)),
            AddParameter("weight_hh", new Shape(gates, hidden)),
            AddParameter("bias_ih", new Shape(gates), decays: false),
            AddParameter("bias_hh", new Shape(gates), decays: false));
        _head = Add("head", new Linear(hidden, networks.Length + skips.Length));
        _networks = networks.ToArray();
        for (int r = 0; r < _networks.Length; r++)
        {
            Add("network" + r.ToString(CultureInfo.InvariantCulture), _networks[r]);
        }

        _sizes = sizes.ToArray();
        _skips = skips.ToArray();
        _smallHeight = smallHeight;
        _smallWidth = smallWidth;
        _relaxation = relaxation ?? new GumbelSoftmaxRelaxation();
        _openness = openness;
    }

    /// <summary>
    /// What a stream remembers: the LSTM's state, the sum of answers and their number, and for how many frames it pauses.
    /// </summary>
    /// <param name="classes">The number of classes.</param>
    internal int StateWidth(int classes) => _cell.StateWidth + classes + 2;

    /// <summary>For how many frames a stream pauses.</summary>
    internal static int PauseOf(ReadOnlySpan<float> state) => (int)state[^1];

    /// <summary>The longest pause there can be.</summary>
    internal int LongestPause
    {
        get
        {
            int longest = 0;
            foreach (int skip in _skips)
            {
                longest = Math.Max(longest, skip - 1);
            }

            return longest;
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        Shape frame = FrameRows.Frame(input, input[0]);
        return _networks[^1].OutputShape(At(frame, _networks.Length - 1));
    }

    /// <inheritdoc/>
    /// <remarks>Of the largest network on every frame, and of the policy.</remarks>
    public override long CountMacs(Shape input) => checked((long)input[0] * input[1]) * (PolicyMacs(input) + NetworkMacs(input, _networks.Length - 1));

    /// <summary>Takes the next frame of each of some streams.</summary>
    /// <param name="context">The context; nothing is recorded.</param>
    /// <param name="frame">[N, H, W, C].</param>
    /// <param name="state">[N, state width]; changed in place.</param>
    /// <param name="choices">Gets the resolution that sees each stream's frame, −1 where none does.</param>
    internal void Advance(Context context, Tensor frame, Tensor state, Tensor choices)
    {
        int samples = frame.Shape[0];
        int width = state.Shape[1];
        Shape one = frame.Shape.With(0, 1);
        Selection outer = context.Samples;
        Tensor marks = context.Workspace.Rent(new Shape(samples));
        for (int n = 0; n < samples; n++)
        {
            ref float pause = ref state.Span[(n * width) + width - 1];
            marks.Span[n] = pause > 0 ? 0 : 1;
            pause = MathF.Max(0, pause - 1);
        }

        choices.Span.Fill(-1);
        Selection active = Rows(context, marks, samples);
        StepRows.CountOthers(context, active, samples, PolicyMacs(one));
        if (active.IsAll || !active.IsEmpty)
        {
            Tensor images = context.GatherSamples(frame, active);
            Tensor own = context.GatherSamples(state, active);
            context.Samples = active.IsAll ? outer : context.Workspace.Nest(outer, active);
            Tensor next = _cell.Step(context, _cell.FromInput(context, See(context, images)), context.Slice(own, 1, 0, _cell.StateWidth));
            Tensor logits = _head.Forward(context, _cell.HiddenOf(context, next));
            context.Samples = outer;
            StepRows.Put(next, active, state, 0, _cell.StateWidth);
            for (int i = 0; i < logits.Shape[0]; i++)
            {
                int n = active.IsAll ? i : active.Indices[i];
                Span<float> row = state.Rows(n, 1).Span;
                int action = Largest(logits.Rows(i, 1).Span, row[^2] > 0 ? logits.Shape[1] : _networks.Length);
                choices.Span[n] = action < _networks.Length ? action : -1;
                row[^1] = action < _networks.Length ? 0 : _skips[action - _networks.Length] - 1;
            }
        }

        RunChosen(context, frame, state, choices);
    }

    /// <summary>The mean of the answers of the frames seen, [N, classes].</summary>
    internal Tensor Answer(Context context, Tensor state)
    {
        int classes = state.Shape[1] - _cell.StateWidth - 2;
        return context.Divide(context.Slice(state, 1, _cell.StateWidth, classes), context.Slice(state, 1, _cell.StateWidth + classes, 1));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        _cell.Initialize(random, 0, forgetBias: 1);
        _head.Bias!.Value.Span[.._networks.Length].Fill(_openness);
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _cell.Freeze();

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isHard = context.Tape is null && context.Decisions == Engine.Execution.Decisions.Hard;
        return scope.Keep(isHard ? Hard(context, scope, input) : Relaxed(context, input));
    }

    private static Selection Rows(Context context, Tensor marks, int samples)
    {
        Selection rows = context.Workspace.SelectAtLeast(1, samples, marks.Span, 0.5f);
        return rows.Count == samples ? Selection.All(1, samples) : rows;
    }

    private static int Largest(ReadOnlySpan<float> row, int count)
    {
        int best = 0;
        for (int i = 1; i < count; i++)
        {
            best = row[i] > row[best] ? i : best;
        }

        return best;
    }

    private Shape At(Shape frame, int size) => new(frame[0], _sizes[size].Height, _sizes[size].Width, frame[3]);

    private static Shape OneFrame(Shape input) => input.Rank == 5 ? FrameRows.Frame(input, 1) : input.With(0, 1);

    private long NetworkMacs(Shape input, int size) => _networks[size].CountMacs(At(OneFrame(input), size));

    private long PolicyMacs(Shape input) =>
        _small.CountMacs(new Shape(1, _smallHeight, _smallWidth, OneFrame(input)[3])) + _cell.StepMacs + _head.Weight.Shape.Count;

    private Tensor See(Context context, Tensor images) => _small.Forward(context, context.AdaptiveAveragePool2d(images, _smallHeight, _smallWidth));

    private Tensor Sized(Context context, Tensor images, int size) => images.Shape[1] == _sizes[size].Height && images.Shape[2] == _sizes[size].Width
        ? images
        : context.AdaptiveAveragePool2d(images, _sizes[size].Height, _sizes[size].Width);

    private void RunChosen(Context context, Tensor frame, Tensor state, Tensor choices)
    {
        int samples = frame.Shape[0];
        int width = state.Shape[1];
        Selection outer = context.Samples;
        Tensor marks = context.Workspace.Rent(new Shape(samples));
        long most = NetworkMacs(frame.Shape, _networks.Length - 1);
        for (int size = 0; size < _networks.Length; size++)
        {
            for (int n = 0; n < samples; n++)
            {
                marks.Span[n] = choices.Span[n] == size ? 1 : 0;
            }

            Selection rows = Rows(context, marks, samples);
            if (!rows.IsAll && rows.IsEmpty)
            {
                continue;
            }

            Tensor images = context.GatherSamples(frame, rows);
            context.Samples = rows.IsAll ? outer : context.Workspace.Nest(outer, rows);
            Tensor logits = _networks[size].Forward(context, Sized(context, images, size));
            context.Count(logits.Shape[0], 0, most - NetworkMacs(frame.Shape, size));
            context.Samples = outer;
            for (int i = 0; i < logits.Shape[0]; i++)
            {
                Span<float> row = state.Span.Slice((rows.IsAll ? i : rows.Indices[i]) * width, width);
                ReadOnlySpan<float> answer = logits.Rows(i, 1).Span;
                Span<float> sum = row.Slice(_cell.StateWidth, answer.Length);
                for (int c = 0; c < answer.Length; c++)
                {
                    sum[c] += answer[c];
                }

                row[^2]++;
            }
        }

        for (int n = 0; n < samples; n++)
        {
            context.CountRow(n, 0, choices.Span[n] < 0 ? most : 0);
        }
    }

    private Tensor Hard(Context context, WorkspaceScope scope, Tensor input)
    {
        (int samples, int frames, int classes) = (input.Shape[0], input.Shape[1], OutputShape(input.Shape)[1]);
        Tensor state = context.Workspace.RentZeros(new Shape(samples, StateWidth(classes)));
        Tensor all = context.Workspace.Rent(new Shape(frames, samples));
        for (int t = 0; t < frames; t++)
        {
            using WorkspaceScope turn = context.Workspace.Enter();
            Advance(context, FrameRows.At(context, input, t), state, all.Rows(t, 1));
        }

        for (int size = 0; size < _networks.Length && context.Ledger is not null; size++)
        {
            Tensor marks = context.Workspace.Rent(new Shape(samples, frames));
            for (int i = 0; i < marks.Count; i++)
            {
                marks.Span[i] = all.Span[(i % frames * samples) + (i / frames)] == size ? 1 : 0;
            }

            context.Record(new DecisionRecord
            {
                Layer = _networks[size].Number,
                Kind = DecisionKind.Steps,
                Rows = samples,
                Selected = scope.Keep(context.Workspace.SelectAtLeast(samples, frames, marks.Span, 0.5f)),
                UnitMacs = NetworkMacs(input.Shape, size),
            });
        }

        return Answer(context, state);
    }

    // All networks see all frames; what was not chosen is multiplied by 0.
    private Tensor Relaxed(Context context, Tensor input)
    {
        (int samples, int frames, int sizes) = (input.Shape[0], input.Shape[1], _networks.Length);
        Selection all = Selection.All(samples, frames);
        Tensor images = input.Reshape(FrameRows.Frame(input.Shape, samples * frames));
        Tensor small = context.AdaptiveAveragePool2d(images, _smallHeight, _smallWidth);
        Tensor seen = FrameRows.Run(context, _small, small, all, frames);
        Tensor fromInput = _cell.FromInput(context, seen.Reshape(new Shape(samples, frames, seen.Shape[1])));
        Tensor state = context.Workspace.RentZeros(new Shape(samples, _cell.StateWidth));
        Tensor walk = context.Workspace.RentZeros(new Shape(samples, 2));
        Tensor[] uses = new Tensor[frames];
        for (int t = 0; t < frames; t++)
        {
            uses[t] = Choose(context, StepRows.Of(context, fromInput, t), ref state, walk, t);
        }

        // [N, T, sizes].
        Tensor use = frames == 1 ? uses[0] : context.Concat(1, uses);
        Tensor sum = default;
        for (int size = 0; size < sizes; size++)
        {
            Tensor logits = FrameRows.Run(context, _networks[size], Sized(context, images, size), all, frames);
            Tensor weighed = context.Multiply(logits.Reshape(new Shape(samples, frames, logits.Shape[1])), context.Slice(use, 2, size, 1));
            sum = size == 0 ? weighed : context.Add(sum, weighed);
        }

        Record(context, use, input.Shape);
        Tensor count = context.Sum(use.Reshape(new Shape(samples, frames * sizes)), 1, keep: true);
        return context.Divide(context.Sum(sum, 1), count);
    }

    // What a frame is seen by, [N, 1, sizes]; the walk holds how many frames were seen and for how many more there is a pause.
    private Tensor Choose(Context context, Tensor fromInput, ref Tensor state, Tensor walk, int time)
    {
        (int samples, int sizes) = (walk.Shape[0], _networks.Length);
        Tensor active = context.Workspace.Rent(new Shape(samples));
        Tensor bounds = context.Workspace.RentZeros(new Shape(samples, sizes + _skips.Length));
        for (int n = 0; n < samples; n++)
        {
            active.Span[n] = walk.Span[(2 * n) + 1] > 0 ? 0 : 1;
            walk.Span[(2 * n) + 1] = MathF.Max(0, walk.Span[(2 * n) + 1] - 1);
            if (walk.Span[2 * n] == 0)
            {
                bounds.Rows(n, 1).Span[sizes..].Fill(Forbidden);
            }
        }

        state = context.Blend(active, _cell.Step(context, fromInput, state), state);
        Tensor logits = context.Add(_head.Forward(context, _cell.HiddenOf(context, state)), bounds);
        Tensor scores = context.Decisions == Engine.Execution.Decisions.Hard
            ? context.StraightThroughArgMax(context.Softmax(logits))
            : _relaxation.Relax(context, logits, context.NoiseOf(this, time)).Scores;
        for (int n = 0; n < samples; n++)
        {
            int action = Largest(scores.Rows(n, 1).Span, sizes + _skips.Length);
            if (active.Span[n] > 0)
            {
                walk.Span[2 * n] += action < sizes ? 1 : 0;
                walk.Span[(2 * n) + 1] = action < sizes ? 0 : _skips[action - sizes] - 1;
            }
        }

        Tensor chosen = context.Multiply(context.Slice(scores, 1, 0, sizes), active.Reshape(new Shape(samples, 1)));
        return chosen.Reshape(new Shape(samples, 1, sizes));
    }

    private void Record(Context context, Tensor use, Shape input)
    {
        if (context.Ledger is null || context.Decisions == Engine.Execution.Decisions.Hard)
        {
            return;
        }

        (int samples, int frames, int sizes) = (use.Shape[0], use.Shape[1], use.Shape[2]);
        long most = NetworkMacs(input, sizes - 1);
        Tensor costs = context.Workspace.Rent(new Shape(1, 1, sizes));
        for (int size = 0; size < sizes; size++)
        {
            costs.Span[size] = (float)((double)NetworkMacs(input, size) / most);
        }

        Tensor shares = context.Sum(context.Multiply(use, costs), 2);
        context.Record(new DecisionRecord { Layer = Number, Kind = DecisionKind.Resolutions, Rows = samples, Scores = shares, UnitMacs = most });
    }
}
