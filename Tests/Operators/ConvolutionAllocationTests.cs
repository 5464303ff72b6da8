using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Operators;

[Collection(AloneCollection.Name)]
public sealed class ConvolutionAllocationTests
{
    [Fact]
    public void WarmInferenceAllocatesNothing()
    {
        using Workers workers = new(2);
        Context context = new(workers);
        ConvolutionGeometry geometry = new(16, 24, 3, 3, 20, 20, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        PackedWeight packed = PackedWeight.ForConvolution(in geometry, ConvolutionCases.Values(geometry.WeightElements, 1));
        Tensor input = Tensor.From(new Shape(4, 20, 20, 16), ConvolutionCases.Values(4 * geometry.InElements, 2));
        int[] offsets = [0, 3, 3, 4, 6];
        int[] pixels = [1, 7, 200, 9, 0, 399];
        AllocationAssert.NoneOnAnyThread(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            Conv2dSelection selection = new() { Pixels = context.Workspace.Select(400, offsets, pixels), CompactPixels = true };
            context.Conv2dFused(input, packed, in geometry, default);
            context.Conv2dFused(input, packed, in geometry, default, in selection);
        });
    }
}
