using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.SpatialWise.ResolutionLevel;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

public sealed class DynamicResolutionTests
{
    private const int Samples = 4;
    private static readonly (int Height, int Width)[] Sizes = [(4, 3), (6, 5), (8, 6)];
    private static readonly Shape Batch = new(Samples, 8, 6, 2);

    [Theory]
    [InlineData(new[] { 0, 1, 2, 1 })]
    [InlineData(new[] { 2, 2, 2, 2 })]
    [InlineData(new[] { 0, 0, 0, 0 })]
    public void Each_image_is_seen_at_its_size_and_pays_for_that(int[] chosen)
    {
        foreach (bool isFrozen in new[] { false, true })
        {
            DynamicResolution layer = Make(chosen);
            if (isFrozen)
            {
                layer.Freeze(Limits.Default);
            }

            ComputeMeter meter = new();
            meter.Begin(Samples);
            DecisionLedger ledger = new() { KeepsChoices = true };
            Context context = new() { Meter = meter, Ledger = ledger };
            Tensor input = Tensor.From(Batch, GradientCheck.Values(Batch.Count, 3));
            float[] output = layer.Forward(context, input).ToArray();
            Context plain = new();
            for (int n = 0; n < Samples; n++)
            {
                float[] alone = layer.Forward(plain, input.Rows(n, 1), chosen[n]).ToArray();
                Assert.Equal(alone, output.AsSpan(n * 3, 3).ToArray());
                Assert.Equal(layer.CountMacs(Batch.With(0, 1), chosen[n]), meter.ExecutedMacs(n));
                Assert.Equal(layer.CountMacs(Batch.With(0, 1), 2), meter.DenseMacs(n));
                DecisionChoice choice = ledger.Choices[n];
                Assert.Equal(DecisionKind.Resolutions, choice.Kind);
                Assert.Equal([chosen[n]], ledger.UnitsOf(choice).ToArray());
            }
        }
    }

    [Fact]
    public void Training_with_a_choice_is_inference_with_it_and_tells_its_cost()
    {
        int[] chosen = [2, 0, 1, 0];
        DynamicResolution layer = Make(chosen);
        Tensor input = Tensor.From(Batch, GradientCheck.Values(Batch.Count, 3));
        float[] hard = layer.Forward(new Context(), input).ToArray();
        DecisionLedger ledger = new();
        Context relaxed = new() { Decisions = Engine.Execution.Decisions.Relaxed, Ledger = ledger };
        Assert.Equal(hard, layer.Forward(relaxed, input).ToArray());
        DecisionRecord record = ledger.Records[0];
        Assert.Equal(layer.CountMacs(Batch.With(0, 1), 2), record.UnitMacs);
    }

    [Fact]
    public void Weights_are_shared_and_statistics_are_not()
    {
        SizedConvBlock block = new(2, 3, 4, 3);
        block.Initialize(new RandomSource(2));
        Context context = new() { Mode = Mode.Train };
        Shape shape = new(2, 5, 4, 3);
        Tensor input = Tensor.From(shape, GradientCheck.Values(shape.Count, 3));
        _ = block.Forward(context, input, 1);
        int weights = 0;
        foreach ((string name, Parameter parameter) in block.NamedParameters())
        {
            weights += name.StartsWith("conv.", StringComparison.Ordinal) ? 1 : 0;
            if (name.EndsWith("running_mean", StringComparison.Ordinal))
            {
                Assert.Equal(name.StartsWith("norm1", StringComparison.Ordinal), parameter.Value.Span.IndexOfAnyExcept(0f) >= 0);
            }
        }

        Assert.Equal(1, weights);
        Assert.Throws<ArgumentOutOfRangeException>(() => block.Forward(context, input, 2));
    }

    [Theory]
    [InlineData(new[] { 16, 16 }, "Resolution 1")]
    [InlineData(new[] { 16, 64 }, "Resolution 1")]
    [InlineData(new int[0], "number of resolutions")]
    public void Sizes_that_make_no_network_are_refused(int[] rows, string message)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => ResolutionNet.Create(new ResolutionNetOptions { Rows = rows }));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private static DynamicResolution Make(int[] chosen)
    {
        DynamicResolution layer = new(new Given(chosen), new SizedResidualNetwork(3, 2, 1, [4, 5], [1, 1], 3), Sizes);
        layer.Initialize(new RandomSource(4));
        layer.AssignNumbers();
        return layer;
    }

    private sealed class Given(int[] chosen) : DecisionRule
    {
        public override Decision Decide(Context context, Tensor features)
        {
            int samples = features.Shape[0];
            int[] offsets = new int[samples + 1];
            for (int n = 0; n <= samples; n++)
            {
                offsets[n] = n;
            }

            Selection selected = context.Workspace.Select(3, offsets, chosen);
            return new Decision(selected, context.MaskOf(selected));
        }

        public override long CountMacs(Shape features) => 0;
    }
}
