using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.InstanceWise.DynamicDepth;

public sealed class MixedPoolClassifierTests
{
    private const int Channels = 3;
    private const int Classes = 4;

    [Theory]
    [InlineData(0f)]
    [InlineData(0.3f)]
    [InlineData(1f)]
    public void Features_are_a_mix_of_the_largest_and_the_mean(float mix)
    {
        MixedPoolClassifier classifier = new(new Shape(4, 6, Channels), Classes, 2);
        classifier.Initialize(new RandomSource(2));
        classifier.NamedParameters().Find(pair => pair.Key == "mix").Value.Value.Span[0] = mix;
        ReadOnlySpan<float> weight = classifier.NamedParameters().Find(pair => pair.Key == "linear.weight").Value.Value.Span;
        ReadOnlySpan<float> bias = classifier.NamedParameters().Find(pair => pair.Key == "linear.bias").Value.Value.Span;
        Tensor input = Tensor.From(new Shape(2, 4, 6, Channels), GradientCheck.Values(2 * 24 * Channels, 3));
        double[] expected = new double[2 * Classes];
        for (int n = 0; n < 2; n++)
        {
            for (int c = 0; c < Channels; c++)
            {
                for (int cell = 0; cell < 4; cell++)
                {
                    double feature = Pooled(input, n, cell / 2 * 2, cell % 2 * 3, c, mix);
                    for (int k = 0; k < Classes; k++)
                    {
                        // Flattening yields [C, H, W] order.
                        expected[(n * Classes) + k] += feature * weight[(k * 4 * Channels) + (c * 4) + cell];
                    }
                }
            }
        }

        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] += bias[i % Classes];
        }

        GradientCheck.Near(expected, classifier.Forward(new Context(), input).Span, 1e-5, "classifier");
    }

    private static double Pooled(Tensor input, int sample, int top, int left, int channel, float mix)
    {
        double most = double.NegativeInfinity;
        double sum = 0;
        for (int i = 0; i < 6; i++)
        {
            double value = input.Span[(((((sample * 4) + top + (i / 3)) * 6) + left + (i % 3)) * Channels) + channel];
            most = Math.Max(most, value);
            sum += value;
        }

        return (mix * most) + ((1 - mix) * sum / 6);
    }
}
