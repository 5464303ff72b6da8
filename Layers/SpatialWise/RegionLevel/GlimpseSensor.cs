using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// The glimpse network of recurrent attention (Mnih et al., "Recurrent models of visual attention", NIPS 2014, section 3 A and B): around a place l, patches of g × g,
/// 2g × 2g, … pixels, each averaged to g × g, are what is seen, ρ; the glimpse is relu(W·ρ + V·l + b). Beside the patches nothing of the image is read.
/// </summary>
/// <remarks>
/// Places run from −1 to 1 over the image; beyond it there are zeros. No gradient goes into the place. Deviation: the paper has a hidden layer more for each of ρ and l.
/// With convolutions W is preceded by them, 3 × 3 with normalisation and rectifier, each but the first of stride 2, over the patches one upon the other (Ba et al., "Multiple
/// object recognition with visual attention", ICLR 2015, section 3.1): pictures of things need features that do not depend on where in the glimpse they are.
/// </remarks>
public sealed class GlimpseSensor : Module
{
    private readonly Sequential? _convolutions;
    private readonly Linear _what;
    private readonly Linear _where;
    private readonly int _size;
    private readonly int _scales;

    /// <summary>Makes a sensor.</summary>
    /// <param name="channels">Channels of the image.</param>
    /// <param name="size">g, rows and columns of the smallest patch.</param>
    /// <param name="scales">The number of patches.</param>
    /// <param name="features">Features of a glimpse.</param>
    /// <param name="convolutions">Output channels of convolutions before W; none as in the paper of 2014.</param>
    public GlimpseSensor(int channels, int size, int scales, int features, params ReadOnlySpan<int> convolutions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(scales, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(scales, 8);
        _size = size;
        _scales = scales;
        Shape seen = new(1, size, size, channels * scales);
        if (convolutions.Length > 0)
        {
            Layer[] blocks = new Layer[convolutions.Length];
            for (int i = 0; i < blocks.Length; i++)
            {
                blocks[i] = new ConvBlock(i == 0 ? seen[3] : convolutions[i - 1], convolutions[i], 3, i == 0 ? 1 : 2);
            }

            _convolutions = Add("convolutions", new Sequential(blocks));
            GlimpseMacs = _convolutions.CountMacs(seen);
            seen = _convolutions.OutputShape(seen);
        }

        _what = Add("what", new Linear(seen.ProductFrom(1), features));
        _where = Add("where", new Linear(2, features, bias: false));
        GlimpseMacs += _what.Weight.Shape.Count + _where.Weight.Shape.Count;
    }

    /// <summary>MACs of a glimpse of one sample.</summary>
    public long GlimpseMacs { get; }

    /// <summary>What is seen at a place, ρ: [N, g, g, scales · C].</summary>
    /// <param name="context">The context.</param>
    /// <param name="image">[N, H, W, C].</param>
    /// <param name="place">x and y, [N, 2].</param>
    public Tensor Look(Context context, Tensor image, Tensor place)
    {
        ArgumentNullException.ThrowIfNull(context);
        Shape shape = image.Shape;
        if (shape.Rank != 4 || place.Shape != new Shape(shape[0], 2))
        {
            throw new ArgumentException($"The places have shape {place.Shape} for {shape}; expected [N, 2] for images [N, H, W, C].", nameof(place));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor seen = default;
        for (int scale = 0; scale < _scales; scale++)
        {
            int extent = _size << scale;
            Tensor theta = context.Workspace.RentZeros(new Shape(shape[0], 2, 3));
            for (int n = 0; n < shape[0]; n++)
            {
                Span<float> map = theta.Span.Slice(6 * n, 6);
                (map[0], map[2]) = ((float)extent / shape[2], place.Span[2 * n]);
                (map[4], map[5]) = ((float)extent / shape[1], place.Span[(2 * n) + 1]);
            }

            Tensor grid = context.AffineGrid(theta, extent, extent);
            Tensor patch = context.GridSample(image, grid, ResizeMode.Bilinear, GridPadding.Zeros, alignCorners: false);
            Tensor small = scale == 0 ? patch : context.AdaptiveAveragePool2d(patch, _size, _size);
            seen = scale == 0 ? small : context.Concat(3, seen, small);
        }

        return scope.Keep(seen);
    }

    /// <summary>The patches at a place as the ledger tells them; none unless it keeps choices.</summary>
    internal Tensor ViewsAt(Context context, Shape image, Tensor place)
    {
        Tensor views = context.RentViews(place.Shape[0], _scales);
        for (int i = 0; views.Exists && i < place.Shape[0] * _scales; i++)
        {
            (int n, int scale) = (i / _scales, i % _scales);
            float height = (float)(_size << scale) / image[1];
            float width = (float)(_size << scale) / image[2];
            float top = (place.Span[(2 * n) + 1] + 1 - height) / 2;
            float left = (place.Span[2 * n] + 1 - width) / 2;
            views.SetView(i, new ImageView(top, left, height, width, _size, _size));
        }

        return views;
    }

    /// <summary>The glimpse at a place, [N, features].</summary>
    /// <param name="context">The context.</param>
    /// <param name="image">[N, H, W, C].</param>
    /// <param name="place">x and y, [N, 2].</param>
    public Tensor Forward(Context context, Tensor image, Tensor place)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor seen = Look(context, image, place);
        Tensor what = _what.Forward(context, context.Flatten(_convolutions is null ? seen : _convolutions.Forward(context, seen)));
        return scope.Keep(context.Relu(context.Add(what, _where.Forward(context, place))));
    }
}
