using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.InstanceWise.DynamicParameters;

/// <summary>
/// A linear layer in groups that do not see each other: y[n, g · R + r] = Σ over j of x[n, g · J + j] · w[g · R + r, j]. To the kernels it is a convolution of
/// maps of one pixel.
/// </summary>
internal static class GroupedProduct
{
    public static ConvolutionGeometry Geometry(int inFeatures, int outFeatures, int groups) => new(inFeatures, outFeatures, 1, 1, 1, 1, groups: groups);

    /// <summary>Multiplies.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, groups · J].</param>
    /// <param name="weight">w, [groups · R, J].</param>
    /// <param name="groups">Groups.</param>
    /// <param name="packed">w in packed form, if the caller has it.</param>
    /// <returns>[N, groups · R].</returns>
    public static Tensor Run(Context context, Tensor input, Tensor weight, int groups, PackedWeight? packed)
    {
        ConvolutionGeometry geometry = Geometry(input.Shape[1], weight.Shape[0], groups);
        Tensor maps = input.Reshape(new Shape(input.Shape[0], 1, 1, input.Shape[1]));
        Tensor kernels = weight.Reshape(new Shape(weight.Shape[0], weight.Shape[1], 1, 1));
        return context.Conv2d(maps, kernels, default, in geometry, packed: packed).Reshape(new Shape(input.Shape[0], weight.Shape[0]));
    }
}
