using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicRouting;

/// <summary>A node of an <see cref="AdaptiveTree"/>: transformers, and then a solver, or a router and two children.</summary>
internal sealed class AdaptiveTreeNode : Module
{
    private readonly Layer _transformers;
    private readonly Layer? _router;
    private readonly Layer? _solver;
    private readonly AdaptiveTreeNode? _left;
    private readonly AdaptiveTreeNode? _right;

    /// <summary>Makes a node.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="inChannels">Channels of what comes to it.</param>
    /// <param name="channels">Channels of transformers.</param>
    /// <param name="routerChannels">Channels of routers.</param>
    /// <param name="classes">Classes.</param>
    /// <param name="reductions">How many more transformers on a way from the root may halve the map.</param>
    public AdaptiveTreeNode(TreeNodeShape shape, int inChannels, int channels, int routerChannels, int classes, int reductions)
    {
        Layer[] transformers = new Layer[shape.Transformers];
        int before = inChannels;
        for (int i = 0; i < transformers.Length; i++)
        {
            bool halves = reductions > 0;
            reductions -= halves ? 1 : 0;
            transformers[i] = halves ? new Sequential(new ConvBlock(before, channels, 3), new MaxPool2d(2)) : new ConvBlock(before, channels, 3);
            before = channels;
        }

        _transformers = Add("transformers", new Sequential(transformers));
        if (shape.IsLeaf)
        {
            _solver = Add("solver", new Sequential(new GlobalAveragePool(), new Linear(before, classes)));
            return;
        }

        _router = Add("router", new Sequential(new ConvBlock(before, routerChannels, 3, 2), new GlobalAveragePool(), new Linear(routerChannels, 1)));
        _left = Add("left", new AdaptiveTreeNode(shape.Left!, before, channels, routerChannels, classes, reductions));
        _right = Add("right", new AdaptiveTreeNode(shape.Right!, before, channels, routerChannels, classes, reductions));
    }

    public Shape OutputShape(Shape input)
    {
        Shape features = _transformers.OutputShape(input);
        if (_solver is not null)
        {
            return _solver.OutputShape(features);
        }

        _ = _router!.OutputShape(features);
        _ = _right!.OutputShape(features);
        return _left!.OutputShape(features);
    }

    /// <summary>MACs of the whole tree from here on.</summary>
    public long CountMacs(Shape input)
    {
        Shape features = _transformers.OutputShape(input);
        long macs = _transformers.CountMacs(input);
        return macs + (_solver?.CountMacs(features) ?? _router!.CountMacs(features) + _left!.CountMacs(features) + _right!.CountMacs(features));
    }

    /// <summary>Σ over the leaves below of their distributions, weighed by the probability of coming there.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="reach">The probability of coming here, [N]; none: 1.</param>
    public Tensor Mix(Context context, Tensor input, Tensor reach)
    {
        Tensor features = _transformers.Forward(context, input);
        int samples = input.Shape[0];
        if (_solver is not null)
        {
            Tensor distribution = context.Softmax(_solver.Forward(context, features));
            return reach.Exists ? context.MaskMultiply(distribution, reach) : distribution;
        }

        Tensor right = context.Sigmoid(_router!.Forward(context, features)).Reshape(new Shape(samples));
        Tensor left = context.Affine(right, -1, 1);
        Record(context, right, features.Shape, default);
        return context.Add(
            _left!.Mix(context, features, reach.Exists ? context.Multiply(reach, left) : left),
            _right!.Mix(context, features, reach.Exists ? context.Multiply(reach, right) : right));
    }

    /// <summary>Logits of the leaf that each sample comes to by the likelier child of each router; only what is on its way runs.</summary>
    /// <param name="context">The context; its samples are those of the rows.</param>
    /// <param name="input">[rows, H, W, C].</param>
    /// <returns>[rows, classes].</returns>
    public Tensor Descend(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor features = _transformers.Forward(context, input);
        if (_solver is not null)
        {
            return scope.Keep(_solver.Forward(context, features));
        }

        int rows = input.Shape[0];
        Tensor scores = _router!.Forward(context, features).Reshape(new Shape(rows));
        Selection right = context.Workspace.SelectAtLeast(1, rows, scores.Span, 0);
        Selection left = context.Workspace.Complement(right);
        Record(context, context.Sigmoid(scores), features.Shape, right);
        Shape sample = features.Shape.With(0, 1);
        Gating.CountSkipped(context, right, rows, _right!.CountMacs(sample));
        Gating.CountSkipped(context, left, rows, _left!.CountMacs(sample));
        if (right.Count == 0 || right.Count == rows)
        {
            return scope.Keep((right.Count == 0 ? _left : _right).Descend(context, features));
        }

        Tensor some = DescendFor(context, _left, features, left);
        return scope.Keep(context.ScatterSamples(DescendFor(context, _right, features, right), right, context.ScatterSamples(some, left)));
    }

    private static Tensor DescendFor(Context context, AdaptiveTreeNode child, Tensor features, Selection rows)
    {
        Selection outer = context.Samples;
        Tensor compact = context.GatherSamples(features, rows);
        context.Samples = context.Workspace.Nest(outer, rows);
        try
        {
            return child.Descend(context, compact);
        }
        finally
        {
            context.Samples = outer;
        }
    }

    // Both children as units, left first.
    private void Record(Context context, Tensor right, Shape features, Selection chosen)
    {
        if (context.Ledger is null)
        {
            return;
        }

        int rows = right.Count;
        Shape column = new(rows, 1);
        Tensor scores = context.Concat(1, context.Affine(right, -1, 1).Reshape(column), right.Reshape(column));
        Shape sample = features.With(0, 1);
        Tensor costs = context.Workspace.Rent(new Shape(2));
        (costs.Span[0], costs.Span[1]) = (_left!.CountMacs(sample), _right!.CountMacs(sample));
        context.Record(new DecisionRecord
        {
            Layer = Number,
            Kind = DecisionKind.Branches,
            Rows = rows,
            Selected = chosen.Exists ? context.Workspace.SelectTop(rows, 2, ChildMarks(context, chosen, rows).Span, 1) : default,
            Scores = scores,
            UnitMacs = (_left.CountMacs(sample) + _right.CountMacs(sample)) / 2,
            UnitCosts = costs,
        });
    }

    private static Tensor ChildMarks(Context context, Selection right, int rows)
    {
        Tensor marks = context.Workspace.RentZeros(new Shape(rows, 2));
        int next = 0;
        for (int row = 0; row < rows; row++)
        {
            bool goesRight = right.IsAll || (next < right.Count && right.Indices[next] == row);
            next += goesRight ? 1 : 0;
            marks.Span[(2 * row) + (goesRight ? 1 : 0)] = 1;
        }

        return marks;
    }
}
