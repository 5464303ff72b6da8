using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

public class WeightAverageTests
{
    [Fact]
    public void It_follows_its_formula_and_exchanging_twice_changes_nothing()
    {
        PlainModule module = new();
        Parameter weight = module.AddParameter("weight", new Shape(21));
        Parameter mean = module.AddParameter("running_mean", new Shape(2), isTrainable: false);
        weight.Value.Span.Fill(1);
        mean.Value.Span.Fill(2);
        WeightAverage average = new(module, 0.15f);
        using Workers workers = new(1);
        double expected = 1;
        for (int step = 1; step <= 3; step++)
        {
            weight.Value.Span.Fill(10 * step);
            mean.Value.Span.Fill(20 * step);
            average.Update(workers, step);
            double decay = Math.Min(0.15, (1.0 + step) / (10.0 + step));
            expected = (decay * expected) + ((1 - decay) * 10 * step);
        }

        average.Exchange();
        Assert.All(weight.Value.ToArray(), value => Assert.Equal(expected, value, 1e-4));
        Assert.All(mean.Value.ToArray(), value => Assert.Equal(2 * expected, value, 1e-4));
        average.Exchange();
        Assert.All(weight.Value.ToArray(), value => Assert.Equal(30f, value));
    }
}
