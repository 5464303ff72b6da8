using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Kernels.Elementwise;

/// <summary>As many integers as a shape has dimensions at most, without heap memory.</summary>
[InlineArray(Shape.MaximumRank)]
internal struct Extents
{
    private int _first;
}
