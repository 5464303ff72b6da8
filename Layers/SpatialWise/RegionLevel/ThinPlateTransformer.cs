using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Spatial transformer that bends: a network sees the image and says where each of K × K control points is to be read, and every pixel between them is read where the
/// thin-plate spline through them says, the smoothest map that meets them (Jaderberg et al., "Spatial Transformer Networks", NIPS 2015, section 3.2; Bookstein,
/// "Principal warps", 1989). [N, H, W, C] to [N, H′, W′, C].
/// </summary>
/// <remarks>
/// The spline is linear in the points: grid = B·θ, with B[p, k] fixed when the layer is made. The control points lie evenly on −1 … 1, of which the pixels' edges are
/// the ends; the network starts by leaving them where they are.
/// </remarks>
public sealed class ThinPlateTransformer : Layer
{
    private readonly Layer _localization;
    private readonly Linear _theta;
    private readonly Tensor _points;
    private readonly Tensor _basis;
    private readonly int _height;
    private readonly int _width;
    private readonly GridPadding _padding;

    /// <summary>Makes a transformer.</summary>
    /// <param name="localization">Looks at the image: to [N, features].</param>
    /// <param name="features">How many features it yields, from which a linear layer makes the points.</param>
    /// <param name="controls">K, control points in each direction, from 2 to 16.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="padding">What a place outside the image reads.</param>
    public ThinPlateTransformer(Layer localization, int features, int controls, int height, int width, GridPadding padding = GridPadding.Zeros)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(controls, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(controls, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _localization = Add("localization", localization);
        _theta = Add("theta", new Linear(features, 2 * controls * controls) { StartsAtZero = true });
        _height = height;
        _width = width;
        _padding = padding;
        double[] points = ThinPlateSpline.ControlPoints(controls);
        _points = Tensor.From(new Shape(points.Length), Array.ConvertAll(points, value => (float)value));
        _basis = Tensor.From(new Shape(height * width, controls * controls), ThinPlateSpline.Basis(points, height, width));
    }

    /// <summary>
    /// The share of θ's gradient that goes on to the network that makes it, from 0 to 1: below 1 it learns more slowly than what sees the result, as in the paper's
    /// experiments. Gradients of all pixels add up in θ.
    /// </summary>
    public float LearningShare { get; init; } = 1;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 4
        ? new Shape(input[0], _height, _width, input[3])
        : throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) =>
        _localization.CountMacs(input) + _theta.CountMacs(_localization.OutputShape(input)) + (2L * input[0] * _basis.Count);

    /// <summary>Where each control point is read, θ: [N, K · K, 2], x and then y, row by row.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    public Tensor Localize(Context context, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor moves = _theta.Forward(context, _localization.Forward(context, input));
        moves = LearningShare != 1 && context.Records(moves) ? context.ScaleGradient(moves, LearningShare) : moves;
        Tensor points = context.Add(moves, _points);
        return scope.Keep(points).Reshape(new Shape(input.Shape[0], _basis.Shape[1], 2));
    }

    /// <summary>Reads images through the spline of points that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="points">θ, [N, K · K, 2].</param>
    public Tensor Transform(Context context, Tensor input, Tensor points)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor planes = context.Linear(context.Permute(points, 0, 2, 1), _basis, default);
        Tensor grid = context.ToChannelsLast(planes.Reshape(new Shape(input.Shape[0], 2, _height, _width)));
        return scope.Keep(context.GridSample(input, grid, ResizeMode.Bilinear, _padding, alignCorners: false));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Transform(context, input, Localize(context, input)));
    }
}
