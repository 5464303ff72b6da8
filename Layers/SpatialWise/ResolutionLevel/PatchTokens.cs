using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// Makes tokens of an image at two resolutions with the same weights: patches of q × q pixels of the image averaged to G · q, or of one averaged to 2G · q, each W·p
/// + b + its place. One coarse token stands where four fine ones can (Chen et al., "CF-ViT", AAAI 2023, section 3.2). The place of a coarse token is the mean of the
/// places of its four.
/// </summary>
public sealed class PatchTokens : Module
{
    private readonly Linear _embed;
    private readonly Parameter _places;
    private readonly int _grid;
    private readonly int _patch;
    private readonly int _width;

    /// <summary>Makes a module.</summary>
    /// <param name="channels">Channels of the image.</param>
    /// <param name="grid">G, coarse tokens in each direction.</param>
    /// <param name="patch">q, pixels of a patch in each direction.</param>
    /// <param name="width">Channels of a token.</param>
    public PatchTokens(int channels, int grid, int patch, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(grid, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(patch, 1);
        _grid = grid;
        _patch = patch;
        _width = width;
        _embed = Add("embed", new Linear(patch * patch * channels, width));
        _places = AddParameter("places", new Shape(4 * grid * grid, width), decays: false);
    }

    /// <summary>MACs of one token.</summary>
    public long TokenMacs => _embed.Weight.Shape.Count;

    /// <summary>The coarse tokens, [N, G · G, width].</summary>
    /// <param name="context">The context.</param>
    /// <param name="image">[N, H, W, C].</param>
    public Tensor Coarse(Context context, Tensor image)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        int count = _grid * _grid;
        Tensor patches = Patches(context, image, _grid).Reshape(new Shape(image.Shape[0], count, _embed.Weight.Shape[1]));
        Tensor fine = _places.Value.Reshape(new Shape(1, 2 * _grid, 2 * _grid, _width));
        Tensor places = context.AdaptiveAveragePool2d(fine, _grid, _grid).Reshape(new Shape(1, count, _width));
        return scope.Keep(context.Add(_embed.Forward(context, patches), places));
    }

    /// <summary>The fine tokens in place of some coarse ones.</summary>
    /// <param name="context">The context.</param>
    /// <param name="image">[N, H, W, C].</param>
    /// <param name="tokens">A row for each sample over 2G · 2G fine tokens, as many in each.</param>
    /// <returns>[N, tokens of a sample, width].</returns>
    public Tensor Fine(Context context, Tensor image, Selection tokens)
    {
        ArgumentNullException.ThrowIfNull(context);
        using WorkspaceScope scope = context.Workspace.Enter();
        int samples = image.Shape[0];
        int count = tokens.Count / Math.Max(1, samples);
        Tensor patches = context.GatherPixels(Patches(context, image, 2 * _grid), tokens);
        Tensor embedded = _embed.Forward(context, patches.Reshape(new Shape(samples, count, _embed.Weight.Shape[1])));
        Tensor places = tokens.IsAll
            ? _places.Value.Reshape(new Shape(1, count, _width))
            : context.GatherRows(_places.Value, tokens.Indices).Reshape(embedded.Shape);
        return scope.Keep(context.Add(embedded, places));
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => Initializers.Normal(_places, random, 0.02f);

    // [N, grid, grid, q · q · C].
    private Tensor Patches(Context context, Tensor image, int grid)
    {
        int extent = grid * _patch;
        Shape shape = image.Shape;
        Tensor sized = shape[1] == extent && shape[2] == extent
            ? image
            : shape[1] >= extent && shape[2] >= extent ? context.AdaptiveAveragePool2d(image, extent, extent) : context.Resize(image, extent, extent, ResizeMode.Bilinear);
        Tensor parts = sized.Reshape(new Shape(shape[0], grid, _patch, grid, _patch, shape[3]));
        return context.Permute(parts, 0, 1, 3, 2, 4, 5).Reshape(new Shape(shape[0], grid, grid, _patch * _patch * shape[3]));
    }
}
