using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Recurrent attention's zoom (Fu et al., "Look closer to see better", CVPR 2017, section 3.2): from features come a square box's centre and half its side, h =
/// least + (most − least)·σ(b₂), c = (1 − h)·tanh(b₀, b₁) in coordinates from −1 to 1, so that it never leaves the image. The image is multiplied by a soft mask
/// of the box, M = [σ(k(x − c_x + h)) − σ(k(x − c_x − h))]·[the same of y], and what is within is read bilinearly at the size asked for.
/// </summary>
/// <remarks>
/// Deviations: the paper clips boxes that leave the image and lets gradients come back through the mask alone; here both mask and reading are differentiated. Its
/// steepness is 10 a pixel of an image of 448.
/// </remarks>
public sealed class AttentionCrop : Module
{
    private readonly Linear _box;
    private readonly int _height;
    private readonly int _width;
    private readonly float _least;
    private readonly float _most;
    private readonly float _steepness;

    /// <summary>Makes a crop.</summary>
    /// <param name="features">Features that the box is made from.</param>
    /// <param name="height">Rows of the result.</param>
    /// <param name="width">Columns of the result.</param>
    /// <param name="least">The least half side of a box, as a share of the image's; above 0.</param>
    /// <param name="most">The largest half side, at most 1.</param>
    /// <param name="steepness">k for one pixel.</param>
    public AttentionCrop(int features, int height, int width, float least = 1f / 3, float most = 0.75f, float steepness = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (!(least > 0 && least <= most && most <= 1 && steepness > 0 && float.IsFinite(steepness)))
        {
            throw new ArgumentException(FormattableString.Invariant($"Boxes were asked for from {least} to {most} of the image with steepness {steepness}; expected 0 to 1, exclusive of 0, and a steepness above 0."), nameof(least));
        }

        _box = Add("box", new Linear(features, 3));
        _height = height;
        _width = width;
        _least = least;
        _most = most;
        _steepness = steepness;
    }

    /// <summary>MACs for one sample.</summary>
    public long CountMacs() => _box.CountMacs(new Shape(1, _box.Weight.Shape[1]));

    /// <summary>The box of each sample: c_x, c_y, h, [N, 3].</summary>
    /// <param name="context">The context.</param>
    /// <param name="features">[N, features].</param>
    public Tensor Locate(Context context, Tensor features)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor raw = _box.Forward(context, features);
        Tensor half = context.Affine(context.Sigmoid(context.Slice(raw, 1, 2, 1)), _most - _least, _least);
        Tensor center = context.Multiply(context.Tanh(context.Slice(raw, 1, 0, 2)), context.Affine(half, -1, 1));
        return scope.Keep(context.Concat(1, center, half));
    }

    /// <summary>Reads boxes of images.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, C].</param>
    /// <param name="box">c_x, c_y, h, [N, 3].</param>
    /// <returns>[N, height, width, C].</returns>
    public Tensor Zoom(Context context, Tensor input, Tensor box)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (input.Shape.Rank != 4 || box.Shape != new Shape(input.Shape[0], 3))
        {
            throw new ArgumentException($"The boxes have shape {box.Shape} for {input.Shape}; expected [N, 3] for images [N, H, W, C].", nameof(box));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = input.Shape[0];
        Tensor x = context.Slice(box, 1, 0, 1);
        Tensor y = context.Slice(box, 1, 1, 1);
        Tensor half = context.Slice(box, 1, 2, 1);
        Tensor columns = Mask(context, x, half, input.Shape[2]).Reshape(new Shape(samples, 1, input.Shape[2], 1));
        Tensor rows = Mask(context, y, half, input.Shape[1]).Reshape(new Shape(samples, input.Shape[1], 1, 1));
        Tensor masked = context.Multiply(context.Multiply(input, columns), rows);
        Tensor zero = context.Workspace.RentZeros(half.Shape);
        Tensor theta = context.Concat(1, half, zero, x, zero, half, y).Reshape(new Shape(samples, 2, 3));
        Tensor grid = context.AffineGrid(theta, _height, _width);
        return scope.Keep(context.GridSample(masked, grid, ResizeMode.Bilinear, GridPadding.Zeros, alignCorners: false));
    }

    /// <summary>The boxes as the ledger tells them; none unless it keeps choices.</summary>
    internal Tensor ViewsOf(Context context, Tensor box)
    {
        Tensor views = context.RentViews(box.Shape[0], 1);
        for (int n = 0; views.Exists && n < box.Shape[0]; n++)
        {
            ReadOnlySpan<float> at = box.Span.Slice(3 * n, 3);
            views.SetView(n, new ImageView((at[1] - at[2] + 1) / 2, (at[0] - at[2] + 1) / 2, at[2], at[2], _height, _width));
        }

        return views;
    }

    private Tensor Mask(Context context, Tensor center, Tensor half, int extent)
    {
        Tensor places = context.Workspace.Rent(new Shape(1, extent));
        for (int i = 0; i < extent; i++)
        {
            places.Span[i] = (((2f * i) + 1f) / extent) - 1f;
        }

        float steepness = 0.5f * _steepness * extent;
        Tensor low = context.Sigmoid(context.Scale(context.Subtract(places, context.Subtract(center, half)), steepness));
        Tensor high = context.Sigmoid(context.Scale(context.Subtract(places, context.Add(center, half)), steepness));
        return context.Subtract(low, high);
    }
}
