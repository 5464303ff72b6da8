using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// A backbone cut into segments with a classifier after each: h_k = segment_k(h_{k−1}), logits_k = exit_k(h_k) (Teerapittayanon et al.,
/// "BranchyNet", ICPR 2016, section III; Kaya et al., "Shallow-Deep Networks", ICML 2019, section 3).
/// </summary>
public sealed class IntermediateClassifiers : StagedNetwork
{
    private readonly Layer[] _segments;
    private readonly Layer[] _exits;
    private readonly long[] _stageMacs;

    /// <summary>Puts a classifier after each segment.</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="segments">The backbone's segments, first to last.</param>
    /// <param name="exits">The classifier after each segment; all give logits [N, classes] of the same number of classes.</param>
    /// <exception cref="ArgumentException">There is not one exit a segment, or their outputs do not agree.</exception>
    public IntermediateClassifiers(Shape sampleShape, ReadOnlySpan<Layer> segments, ReadOnlySpan<Layer> exits)
    {
        if (segments.Length == 0 || segments.Length != exits.Length)
        {
            throw new ArgumentException($"{segments.Length} segments and {exits.Length} exits were given; expected one exit for each of at least one segment.", nameof(exits));
        }

        SampleShape = sampleShape;
        _segments = segments.ToArray();
        _exits = exits.ToArray();
        _stageMacs = new long[_segments.Length];
        Shape features = BatchShape(1);
        for (int k = 0; k < _segments.Length; k++)
        {
            Add("segment" + k.ToString(CultureInfo.InvariantCulture), _segments[k]);
            Add("exit" + k.ToString(CultureInfo.InvariantCulture), _exits[k]);
            _stageMacs[k] = _segments[k].CountMacs(features);
            features = _segments[k].OutputShape(features);
            _stageMacs[k] += _exits[k].CountMacs(features);
            ClassCount = CheckLogits(_exits[k].OutputShape(features), k, ClassCount);
        }

        AssignNumbers();
    }

    /// <summary>
    /// Whether the segments are left as they are and only the classifiers are trained: segments then run as at inference, with running statistics, and no
    /// gradient enters them. The last classifier belongs to the backbone and keeps its weights too.
    /// </summary>
    public bool IsTrunkFrozen { get; private init; }

    /// <summary>The backbone's segments.</summary>
    public ReadOnlySpan<Layer> Segments => _segments;

    /// <summary>The classifier after each segment.</summary>
    public ReadOnlySpan<Layer> Exits => _exits;

    /// <inheritdoc/>
    public override int StageCount => _segments.Length;

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _stageMacs[stage];

    /// <inheritdoc/>
    public override StageState CreateState() => new(1);

    /// <summary>
    /// Attaches classifiers to a network after layers told by name, and leaves its own classifier at the end (Kaya et al., ICML 2019). The layers are shared
    /// with the network, so that a trained one keeps its weights.
    /// </summary>
    /// <param name="network">A network with one stage, as static ones are.</param>
    /// <param name="after">
    /// The paths of layers, such as "segment0.3", in the network's order. A path leads through sequences; what is within another layer has no place to attach to.
    /// </param>
    /// <param name="pooledSize">Rows and columns that features are pooled to before a classifier.</param>
    /// <param name="freezesTrunk">Whether only the new classifiers are trained.</param>
    /// <exception cref="ArgumentException">The network has several stages, or a path is unknown, out of order or the last layer.</exception>
    public static IntermediateClassifiers Attach(IntermediateClassifiers network, ReadOnlySpan<string> after, int pooledSize = 4, bool freezesTrunk = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.StageCount != 1)
        {
            throw new ArgumentException($"The network has {network.StageCount} stages; expected 1.", nameof(network));
        }

        return Attach(network.SampleShape, network._segments[0], "segment0", network._exits[0], network.ClassCount, after, pooledSize, freezesTrunk);
    }

    /// <summary>Attaches classifiers to layers one after another, of which the last is the classifier at the end.</summary>
    /// <param name="sampleShape">The shape of one sample, without batch.</param>
    /// <param name="network">The layers; the last one gives logits [N, classes].</param>
    /// <param name="after">The paths of layers, such as "3" or "3.1", in order.</param>
    /// <param name="pooledSize">Rows and columns that features are pooled to before a classifier.</param>
    /// <param name="freezesTrunk">Whether only the new classifiers are trained.</param>
    /// <exception cref="ArgumentException">A path is unknown, out of order or the last layer.</exception>
    public static IntermediateClassifiers Attach(Shape sampleShape, Sequential network, ReadOnlySpan<string> after, int pooledSize = 4, bool freezesTrunk = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.Count < 2)
        {
            throw new ArgumentException($"The network has {network.Count} layers; expected a classifier and at least one layer before it.", nameof(network));
        }

        Layer[] trunk = new Layer[network.Count - 1];
        for (int i = 0; i < trunk.Length; i++)
        {
            trunk[i] = network[i];
        }

        int classes = network.OutputShape(Batched(sampleShape))[-1];
        return Attach(sampleShape, new Sequential(trunk), string.Empty, network[network.Count - 1], classes, after, pooledSize, freezesTrunk);
    }

    /// <summary>Sets all classifiers but the last to the values that training starts from, and leaves the rest as it is: for classifiers that were attached.</summary>
    /// <param name="random">The random numbers.</param>
    /// <exception cref="InvalidOperationException">The network is frozen.</exception>
    public void InitializeExits(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        for (int k = 0; k < _exits.Length - 1; k++)
        {
            RandomStream stream = random.Stream("initialize.exit" + k.ToString(CultureInfo.InvariantCulture));
            _exits[k].Initialize(new RandomSource(stream.Bits(0, 0, 0)));
        }
    }

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Mode mode = context.Mode;
        Tape? tape = context.Tape;
        if (IsTrunkFrozen)
        {
            context.Mode = Mode.Evaluate;
            context.Tape = null;
        }

        try
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            state.Set(context, 0, scope.Keep(_segments[stage].Forward(context, state[0])));
        }
        finally
        {
            context.Mode = mode;
            context.Tape = tape;
        }

        using WorkspaceScope exitScope = context.Workspace.Enter();
        return exitScope.Keep(_exits[stage].Forward(context, EnterExit(context, state, 0, stage)));
    }

    private static IntermediateClassifiers Attach(
        Shape sampleShape, Layer trunk, string path, Layer classifier, int classes, ReadOnlySpan<string> after, int pooledSize, bool freezesTrunk)
    {
        SegmentCutter cutter = new(trunk, path, after);
        Layer[] segments = cutter.Cut();
        Layer[] exits = new Layer[segments.Length];
        Shape features = Batched(sampleShape);
        for (int k = 0; k < segments.Length - 1; k++)
        {
            features = segments[k].OutputShape(features);
            if (features.Rank != 4)
            {
                throw new ArgumentException($"After \"{after[k]}\" features have shape {features}; a classifier is attached to images [N, H, W, C].", nameof(after));
            }

            exits[k] = new MixedPoolClassifier(new Shape(features[1], features[2], features[3]), classes, pooledSize);
        }

        exits[^1] = classifier;
        if (freezesTrunk)
        {
            Freeze(segments);
            Freeze(classifier);
        }

        return new IntermediateClassifiers(sampleShape, segments, exits) { IsTrunkFrozen = freezesTrunk };
    }

    private static void Freeze(params ReadOnlySpan<Layer> layers)
    {
        foreach (Layer layer in layers)
        {
            foreach ((_, Parameter parameter) in layer.NamedParameters())
            {
                parameter.IsTrainable = false;
            }
        }
    }

    private static Shape Batched(Shape sample)
    {
        Span<int> extents = stackalloc int[sample.Rank + 1];
        extents[0] = 1;
        sample.CopyTo(extents[1..]);
        return new Shape(extents);
    }

    private static int CheckLogits(Shape logits, int exit, int classes)
    {
        if (logits.Rank != 2 || (classes != 0 && logits[1] != classes))
        {
            throw new ArgumentException($"Exit {exit} gives shape {logits}; expected [1, {(classes == 0 ? "classes" : classes.ToString(CultureInfo.InvariantCulture))}].");
        }

        return logits[1];
    }
}
