using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Spatial transformer: a network sees the image and yields an affine map θ, and the image is read bilinearly along it, y(i, j) = x at θ · (x_j, y_i, 1)
/// (Jaderberg et al., "Spatial Transformer Networks", NIPS 2015, section 3). It crops, turns, scales and shears what a classifier then sees. [N, H, W, C] to [N,
/// H′, W′, C].
/// </summary>
/// <remarks>The last layer of the network starts as the identity map. Coordinates are PyTorch's of affine_grid and grid_sample.</remarks>
public sealed class SpatialTransformer : Layer
{
    private readonly Layer _localization;
    private readonly AffineHead _theta;
    private readonly int _height;
    private readonly int _width;
    private readonly GridPadding _padding;
    private readonly bool _alignCorners;

    /// <summary>Makes a transformer.</summary>
    /// <param name="localization">Looks at the image: to [N, features].</param>
    /// <param name="features">How many features it yields, from which a linear layer makes θ.</param>
    /// <param name="height">Rows of the result; 0: as many as the input has.</param>
    /// <param name="width">Columns of the result; 0: as many as the input has.</param>
    /// <param name="padding">What a place outside the image reads.</param>
    /// <param name="alignCorners">Whether −1 and 1 are the centres of the outer pixels instead of their edges.</param>
    public SpatialTransformer(
        Layer localization, int features, int height = 0, int width = 0, GridPadding padding = GridPadding.Zeros, bool alignCorners = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(height);
        ArgumentOutOfRangeException.ThrowIfNegative(width);
        _localization = Add("localization", localization);
        _theta = Add("theta", new AffineHead(features));
        _height = height;
        _width = width;
        _padding = padding;
        _alignCorners = alignCorners;
    }

    /// <summary>
    /// The share of θ's gradient that goes on to the network that makes it, from 0 to 1: below 1 it learns more slowly than what sees the result, as in the paper's
    /// experiments. Gradients of all pixels add up in θ.
    /// </summary>
    public float LearningShare { get; init; } = 1;

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, channels].", nameof(input));
        }

        return new Shape(input[0], _height == 0 ? input[1] : _height, _width == 0 ? input[2] : _width, input[3]);
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _localization.CountMacs(input) + _theta.CountMacs(_localization.OutputShape(input));

    /// <summary>The affine map of each image, θ: [N, 2, 3].</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    public Tensor Localize(Context context, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor theta = _theta.Forward(context, _localization.Forward(context, input));
        theta = LearningShare != 1 && context.Records(theta) ? context.ScaleGradient(theta, LearningShare) : theta;
        return scope.Keep(theta).Reshape(new Shape(input.Shape[0], 2, 3));
    }

    /// <summary>Reads images along maps that are given.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="theta">θ, [N, 2, 3].</param>
    public Tensor Transform(Context context, Tensor input, Tensor theta)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        Shape output = OutputShape(input.Shape);
        Tensor grid = context.AffineGrid(theta, output[1], output[2], _alignCorners);
        return scope.Keep(context.GridSample(input, grid, ResizeMode.Bilinear, _padding, _alignCorners));
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        return scope.Keep(Transform(context, input, Localize(context, input)));
    }
}
