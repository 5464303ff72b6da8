using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Which outputs of each convolution of a branch are needed for the selected outputs of its last: the selection itself, and before a convolution with
/// neighbours what that one reads. The default value is everything.
/// </summary>
internal readonly struct BranchSelections
{
    private readonly Triple _selections;

    public BranchSelections(Workspace workspace, Conv2d[] convs, Shape input, Selection selected)
    {
        _selections[convs.Length - 1] = selected;
        for (int i = convs.Length - 1; i > 0; i--)
        {
            Shape shape = input;
            for (int j = 0; j < i; j++)
            {
                shape = convs[j].OutputShape(shape);
            }

            ConvolutionGeometry geometry = convs[i].GeometryOf(shape);
            Selection own = _selections[i];
            _selections[i - 1] = own.IsAll && geometry.StrideHeight == 1 ? Selection.All(own.Rows, geometry.InPixels)
                : geometry.IsPointwise ? own
                : workspace.DilatePixels(
                    own, geometry.InHeight, geometry.InWidth, geometry.OutHeight, geometry.OutWidth, geometry.KernelHeight, geometry.StrideHeight,
                    geometry.PadTop, geometry.DilationHeight);
        }
    }

    public Selection this[int convolution] => _selections[convolution];

    [InlineArray(3)]
    private struct Triple
    {
        private Selection _first;
    }
}
