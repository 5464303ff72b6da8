using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>
/// A supernet with a path of its own for every input (Cheng et al., "InstaNAS: instance-aware neural architecture search", AAAI 2020): each layer has
/// candidate blocks of several inner widths, among them none where the shape allows it (elastic width and depth, as in Cai et al., "Once-for-all", ICLR
/// 2020), and a controller that sees the input once picks one candidate a layer. At inference only the picked ones run, for the samples that picked them.
/// </summary>
/// <remarks>
/// <para>Training is one-shot first: every sample takes a random candidate in each layer, so that all are trained to serve as parts of any path. From
/// a share of training on the controller picks, by Gumbel-softmax with a straight-through maximum and a temperature that falls from 2 to 0.5; all
/// candidates are then computed, so that the gradient compares them. What a path may cost is the business of the objective: each candidate writes down
/// its score and its MACs.</para>
/// <para>Candidates of a layer may share weights, as in Once-for-all: a narrower one has the first inner channels of the widest, with normalisations of its own, so
/// that whatever path a sample takes trains the weights of the others too. Else each has its own, as operations of other kinds would.</para>
/// <para>Deviation: InstaNAS trains the controller by policy gradient on accuracy times latency.</para>
/// <para>Dense MACs are those of the costliest path, because no sample ever takes more.</para>
/// </remarks>
public sealed class PathSuperNet : Layer
{
    private const float FirstTemperature = 2;
    private const float LastTemperature = 0.5f;

    private readonly PathController _controller;
    private readonly Layer _stem;
    private readonly Layer[][] _cells;
    private readonly Layer _classifier;
    private readonly double _oneShotShare;
    private readonly int _scores;

    /// <summary>Makes a supernet.</summary>
    /// <param name="inChannels">Channels of the image.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="channels">Channels of each layer, first to last; a layer that changes them halves the map.</param>
    /// <param name="innerChannels">The inner channels of the candidates of each layer; 0: no convolutions.</param>
    /// <param name="stemStride">The stride of the first convolution.</param>
    /// <param name="controllerChannels">Channels of the controller's first convolution.</param>
    /// <param name="oneShotShare">The share of training with random paths, from 0 to 1.</param>
    /// <param name="sharesWeights">Whether candidates of a layer share weights.</param>
    public PathSuperNet(
        int inChannels, int classes, ReadOnlySpan<int> channels, ReadOnlySpan<int[]> innerChannels, int stemStride = 1, int controllerChannels = 8, double oneShotShare = 0.5, bool sharesWeights = false)
    {
        if (channels.Length == 0 || channels.Length != innerChannels.Length)
        {
            throw new ArgumentException($"{channels.Length} layers and candidates of {innerChannels.Length} were given; expected candidates for each of at least one layer.", nameof(innerChannels));
        }

        if (!(oneShotShare >= 0 && oneShotShare <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(oneShotShare), oneShotShare, "Expected a share of training from 0 to 1.");
        }

        _oneShotShare = oneShotShare;
        foreach (int[] candidates in innerChannels)
        {
            _scores += candidates.Length;
        }

        _controller = Add("controller", new PathController(inChannels, controllerChannels, _scores));
        _stem = Add("stem", new ConvBlock(inChannels, channels[0], 3, stemStride));
        _cells = new Layer[channels.Length][];
        for (int i = 0; i < _cells.Length; i++)
        {
            int before = channels[Math.Max(0, i - 1)];
            int stride = before == channels[i] ? 1 : 2;
            CandidateWeights? shared = sharesWeights
                ? Add(string.Create(CultureInfo.InvariantCulture, $"layer{i}_weights"), new CandidateWeights(before, Widest(innerChannels[i]), channels[i], stride > 1))
                : null;
            _cells[i] = new Layer[innerChannels[i].Length];
            for (int j = 0; j < _cells[i].Length; j++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"layer{i}_candidate{j}");
                _cells[i][j] = Add<Layer>(name, shared is null
                    ? new CandidateBlock(before, innerChannels[i][j], channels[i], stride)
                    : new NestedCandidate(shared, innerChannels[i][j], stride));
            }
        }

        _classifier = Add("classifier", new Sequential(new GlobalAveragePool(), new Linear(channels[^1], classes)));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        _ = _controller.OutputShape(input);
        input = _stem.OutputShape(input);
        foreach (Layer[] cell in _cells)
        {
            input = cell[0].OutputShape(input);
        }

        return _classifier.OutputShape(input);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = _controller.CountMacs(input) + _stem.CountMacs(input);
        input = _stem.OutputShape(input);
        foreach (Layer[] cell in _cells)
        {
            macs += Costliest(cell, input);
            input = cell[0].OutputShape(input);
        }

        return macs + _classifier.CountMacs(input);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isOneShot = context.Mode == Mode.Train && context.Decisions == Engine.Execution.Decisions.Relaxed && context.Progress < _oneShotShare;
        Tensor scores = isOneShot ? default : _controller.Forward(context, input);
        Tensor features = _stem.Forward(context, input);
        int first = 0;
        for (int i = 0; i < _cells.Length; i++)
        {
            Layer[] cell = _cells[i];
            Tensor logits = isOneShot ? RandomScores(context, input.Shape[0], i, cell.Length) : context.Slice(scores, 1, first, cell.Length);
            Tensor next = RunCell(context, features, cell, logits, isOneShot || context.Decisions == Engine.Execution.Decisions.Hard, i);
            if (!features.SharesMemoryWith(input) && !features.SharesMemoryWith(next))
            {
                context.Workspace.Recycle(features);
            }

            features = next;
            first += cell.Length;
        }

        return scope.Keep(_classifier.Forward(context, features));
    }

    private static int Widest(ReadOnlySpan<int> innerChannels)
    {
        int widest = 1;
        foreach (int inner in innerChannels)
        {
            widest = Math.Max(widest, inner);
        }

        return widest;
    }

    private static long Costliest(Layer[] cell, Shape input)
    {
        long most = 0;
        foreach (Layer candidate in cell)
        {
            most = Math.Max(most, candidate.CountMacs(input));
        }

        return most;
    }

    private Tensor RunCell(Context context, Tensor features, Layer[] cell, Tensor logits, bool isHard, int index)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        if (isHard)
        {
            Selection chosen = context.Workspace.SelectTop(features.Shape[0], cell.Length, logits.Span, 1);
            Record(context, cell, features.Shape, chosen, context.Ledger is null ? default : context.Softmax(logits));
            return scope.Keep(BranchDispatch.RunChosen(context, features, cell, chosen, Costliest(cell, features.Shape.With(0, 1))));
        }

        Tensor weights = context.Softmax(logits);
        if (context.Mode == Mode.Train)
        {
            double over = (context.Progress - _oneShotShare) / Math.Max(1e-6, 1 - _oneShotShare);
            float temperature = FirstTemperature + ((LastTemperature - FirstTemperature) * (float)Math.Clamp(over, 0, 1));
            Tensor noise = context.RentGumbel(logits.Shape, Stream(context, index));
            weights = context.StraightThroughArgMax(context.GumbelSoftmax(logits, noise, temperature));
        }

        Record(context, cell, features.Shape, default, weights);
        return scope.Keep(BranchDispatch.RunMixed(context, features, cell, weights));
    }

    // One record a candidate, because their costs differ.
    private static void Record(Context context, Layer[] cell, Shape input, Selection chosen, Tensor scores)
    {
        if (context.Ledger is null)
        {
            return;
        }

        for (int i = 0; i < cell.Length; i++)
        {
            context.Record(new DecisionRecord
            {
                Layer = cell[i].Number,
                Kind = DecisionKind.Samples,
                Rows = input[0],
                Selected = chosen.Exists ? context.Workspace.SelectRowsOf(chosen, i) : default,
                Scores = context.ScoresOf(scores, i),
                UnitMacs = cell[i].CountMacs(input.With(0, 1)),
            });
        }
    }

    private Tensor RandomScores(Context context, int samples, int index, int candidates)
    {
        Tensor scores = context.Workspace.Rent(new Shape(samples, candidates));
        RandomStream stream = Stream(context, index);
        for (int row = 0; row < samples; row++)
        {
            stream.FillUniform(scores.Span.Slice(row * candidates, candidates), context.Step, context.SampleOf(row));
        }

        return scores;
    }

    private RandomStream Stream(Context context, int index) => context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"supernet {Number}.{index}"));
}
