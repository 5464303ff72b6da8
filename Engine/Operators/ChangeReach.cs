using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Selections;

namespace ManagedDyn.Engine.Operators;

/// <summary>Which outputs of a convolution can come out with other bits when some of its inputs change.</summary>
public static class ChangeReach
{
    /// <summary>
    /// The output pixels whose window holds a changed pixel. Where the whole map is computed by tiles (<see cref="Accuracy.Fast"/>) it is all pixels of the
    /// tiles that read one: a tile's sums round together, so that even a pixel whose own window did not change may come out with other last bits.
    /// </summary>
    /// <param name="context">The context; its accuracy tells which arithmetic runs.</param>
    /// <param name="changed">A row for each sample over the input's pixels.</param>
    /// <param name="geometry">The convolution.</param>
    /// <returns>A row for each sample over the output's pixels.</returns>
    /// <exception cref="ArgumentException">The selection is not over the input's pixels, or kernel, stride, padding or dilation differ in height and width.</exception>
    public static Selection ReachOutputs(this Context context, Selection changed, in ConvolutionGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (geometry.KernelHeight != geometry.KernelWidth || geometry.StrideHeight != geometry.StrideWidth || geometry.PadTop != geometry.PadLeft
            || geometry.DilationHeight != geometry.DilationWidth)
        {
            throw new ArgumentException("The convolution is not the same in height and width.", nameof(geometry));
        }

        if (changed.IsAll || WinogradWork.Choose(context, in geometry, default) is not { } form)
        {
            return context.Workspace.ReachPixels(
                changed, geometry.InHeight, geometry.InWidth, geometry.OutHeight, geometry.OutWidth, geometry.KernelHeight, geometry.StrideHeight,
                geometry.PadTop, geometry.DilationHeight);
        }

        int size = form == WinogradForm.F4 ? 4 : 2;
        Selection tiles = context.Workspace.ReachPixels(
            changed, geometry.InHeight, geometry.InWidth, (geometry.OutHeight + size - 1) / size, (geometry.OutWidth + size - 1) / size,
            size + geometry.KernelHeight - 1, size, geometry.PadTop);
        return context.Workspace.RefinePixels(tiles, geometry.OutHeight, geometry.OutWidth, size);
    }
}
