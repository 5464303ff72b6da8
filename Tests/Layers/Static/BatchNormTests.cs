using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using Xunit;

namespace ManagedDyn.Tests.Layers.Static;

public class BatchNormTests
{
    [Fact]
    public void One_sample_that_came_this_way_alone_is_normalised_as_at_inference()
    {
        BatchNorm2d norm = new(3);
        norm.Initialize(new RandomSource(2));
        norm.RunningMean.Value.Span.Fill(0.5f);
        norm.RunningVariance.Value.Span.Fill(4);
        Tensor input = Tensor.From(new Shape(1, 1, 1, 3), [1, -2, 3]);
        float[] expected = norm.Forward(new Context(), input).ToArray();
        Context context = new() { Mode = Mode.Train };
        context.Samples = context.Workspace.Select(4, [2]);
        Assert.Equal(expected, norm.Forward(context, input).ToArray());
        Assert.Equal([0.5f, 0.5f, 0.5f], norm.RunningMean.Value.ToArray());

        // A batch of one is a mistake that is told.
        Assert.Throws<System.ArgumentException>(() => norm.Forward(new Context { Mode = Mode.Train }, input));
    }
}
