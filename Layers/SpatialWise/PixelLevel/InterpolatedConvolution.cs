using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// A convolution that is computed at sampled pixels and interpolated at the others from those around them, y(p) = Σ_s w(p − s)·y(s) / Σ_s w(p − s) with
/// w(d) = exp(−λ²·|d|²) + 10⁻⁶ and a trained λ (Xie et al., "Spatially adaptive inference with stochastic feature sampling and interpolation", ECCV 2020,
/// section 3). A regular grid is always sampled, so that every window holds a sample.
/// </summary>
public sealed class InterpolatedConvolution : Layer
{
    // Keeps windows whose samples are all far away from dividing by nothing.
    private const float Least = 1e-6f;

    private readonly DecisionRule _rule;
    private readonly Conv2d _conv;
    private readonly Parameter _lambda;
    private readonly Tensor _distances;
    private readonly int _grid;
    private readonly int _window;

    /// <summary>Makes a layer.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="rule">Decides about the output's pixels from the input.</param>
    /// <param name="kernel">Rows and columns of the kernel.</param>
    /// <param name="grid">Pixels from one sample that is always taken to the next; interpolation looks as far, less one.</param>
    public InterpolatedConvolution(int inChannels, int outChannels, DecisionRule rule, int kernel = 3, int grid = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(grid, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(grid, 64);
        _rule = Add("sampler", rule);
        _conv = Add("conv", new Conv2d(inChannels, outChannels, kernel));
        _lambda = AddParameter("lambda", new Shape(1), decays: false);
        _grid = grid;
        _window = (2 * grid) - 1;
        _distances = Tensor.Zeros(new Shape(_window * _window));
        for (int i = 0; i < _distances.Count; i++)
        {
            int dy = (i / _window) - (grid - 1);
            int dx = (i % _window) - (grid - 1);
            _distances.Span[i] = (dy * dy) + (dx * dx);
        }
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    /// <inheritdoc/>
    /// <remarks>Of the convolution; the rule and the interpolation come on top.</remarks>
    public override long CountMacs(Shape input) => _conv.CountMacs(input);

    /// <summary>What the interpolation costs, in MACs for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public long CountInterpolationMacs(Shape input)
    {
        Shape output = OutputShape(input);
        return (long)output.RowCount * (output[3] + 1) * _window * _window;
    }

    /// <summary>What the rule and the interpolation cost together, in MACs for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public long CountSamplingMacs(Shape input) => _rule.CountMacs(input) + CountInterpolationMacs(input);

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _lambda.Value.Span.Fill(1);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Shape shape = OutputShape(input.Shape);
        Decision decision = _rule.Decide(context, input);
        Tensor grid = Grid(context, shape);
        bool isHard = context.Decisions == Engine.Execution.Decisions.Hard;
        Tensor wanted = (isHard ? context.MaskOf(decision.Selected) : decision.Scores).Reshape(shape.With(-1, 1));
        Tensor mask = context.Maximum(wanted, grid);
        Selection sampled = context.Workspace.SelectAtLeast(shape[0], shape[1] * shape[2], mask.Span, 0.5f);
        if (context.Ledger is not null)
        {
            context.Record(new DecisionRecord
            {
                Layer = Number,
                Kind = DecisionKind.Pixels,
                Rows = shape[0],
                Selected = sampled,
                Scores = isHard ? default : mask.Reshape(new Shape(shape[0], shape[1], shape[2])),
                UnitMacs = CountMacs(input.Shape.With(0, 1)) / (shape[1] * shape[2]),
                MapHeight = shape[1],
                MapWidth = shape[2],
            });
        }

        Conv2dSelection selection = new() { Pixels = isHard ? sampled : default };
        Tensor sums = context.Conv2d(input, _conv.Weight.Value, _conv.Bias!.Value, _conv.GeometryOf(input.Shape), in selection, _conv.Packed);
        Tensor samples = context.MaskMultiply(sums, mask);
        Tensor others = Interpolate(context, samples, mask, shape);
        return scope.Keep(context.Add(samples, context.MaskMultiply(others, context.Affine(mask, -1, 1))));
    }

    private Tensor Interpolate(Context context, Tensor samples, Tensor mask, Shape shape)
    {
        Tensor square = context.Square(_lambda.Value);
        Tensor weights = context.Offset(context.Exp(context.Scale(context.Multiply(square, _distances), -1)), Least);
        Tensor one = weights.Reshape(new Shape(1, 1, _window, _window));
        Tensor each = context.BroadcastTo(one, new Shape(shape[3], 1, _window, _window));
        Tensor totals = context.Conv2d(mask, one, default, Window(shape, 1));
        return context.Divide(context.Conv2d(samples, each, default, Window(shape, shape[3])), totals);
    }

    private ConvolutionGeometry Window(Shape shape, int channels) => new(
        channels, channels, _window, _window, shape[1], shape[2], 1, 1, _grid - 1, _grid - 1, _grid - 1, _grid - 1, groups: channels);

    private Tensor Grid(Context context, Shape shape)
    {
        Tensor grid = context.Workspace.RentZeros(shape.With(-1, 1));
        for (int row = 0; row < shape[0] * shape[1]; row++)
        {
            if (row % shape[1] % _grid != 0)
            {
                continue;
            }

            Span<float> pixels = grid.Span.Slice(row * shape[2], shape[2]);
            for (int x = 0; x < pixels.Length; x += _grid)
            {
                pixels[x] = 1;
            }
        }

        return grid;
    }
}
