using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.SpatialWise;

public sealed class PatchGatingTests
{
    private const int Samples = 5;
    private const int Tiles = 3;
    private static readonly Shape Batch = new(Samples, 12, 9, 2);

    [Fact]
    public void Chosen_tiles_are_averaged_and_paid_for_and_others_are_not_read()
    {
        (PatchGating layer, Sequential patch) = Make();
        float[] values = Array.ConvertAll(GradientCheck.Values(Batch.Count, 3), value => MathF.Round(3 * value));
        (float[] output, DecisionLedger ledger, ComputeMeter meter) = Run(layer, values);
        Context plain = new();
        long tileMacs = patch.CountMacs(new Shape(1, 4, 3, 2));
        int chosenInAll = 0;
        for (int n = 0; n < Samples; n++)
        {
            DecisionChoice choice = ledger.Choices[n];
            Assert.Equal(DecisionKind.Regions, choice.Kind);
            Assert.Equal(tileMacs, choice.UnitMacs);
            Assert.Equal(layer.CountMacs(Batch.With(0, 1)) - ((9 - choice.Count) * tileMacs), meter.ExecutedMacs(n));
            chosenInAll += choice.Count;
            double[] sum = new double[5];
            Tensor image = Tensor.From(Batch, values).Rows(n, 1);
            foreach (int tile in ledger.UnitsOf(choice))
            {
                float[] features = patch.Forward(plain, plain.Crop(image, tile / Tiles * 4, tile % Tiles * 3, 4, 3)).ToArray();
                for (int i = 0; i < 5; i++)
                {
                    sum[i] += features[i];
                }
            }

            for (int i = 0; i < 5; i++)
            {
                Assert.Equal(sum[i] / Math.Max(1, choice.Count), output[(n * 9) + 4 + i], 1e-5);
            }
        }

        // Some of the tiles run and some do not, or nothing was tested.
        Assert.InRange(chosenInAll, 1, (9 * Samples) - 1);
        for (int n = 0; n < Samples; n++)
        {
            ReadOnlySpan<int> chosen = ledger.UnitsOf(ledger.Choices[n]);
            for (int tile = 0; tile < 9; tile++)
            {
                // What the scout sees, averages of 2 × 3 pixels, stays the same to the last bit.
                float[] changed = [.. values];
                int at = (n * 12 * 9) + (tile / Tiles * 4 * 9) + (tile % Tiles * 3);
                changed[2 * at] += 2;
                changed[2 * (at + 9)] -= 2;
                float[] after = Run(layer, changed).Output;
                Assert.Equal(chosen.Contains(tile), !output.AsSpan().SequenceEqual(after));
            }
        }
    }

    [Fact]
    public void An_image_without_chosen_tiles_is_judged_by_the_scout_alone()
    {
        (PatchGating layer, _) = Make();
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            if (name == "gate.bias")
            {
                parameter.Value.Span.Fill(-1000);
            }
        }

        (float[] output, DecisionLedger ledger, ComputeMeter meter) = Run(layer, GradientCheck.Values(Batch.Count, 3));
        for (int n = 0; n < Samples; n++)
        {
            Assert.Equal(0, ledger.Choices[n].Count);
            Assert.True(meter.ExecutedMacs(n) < meter.DenseMacs(n));
            Assert.Equal(new float[5], output.AsSpan((n * 9) + 4, 5).ToArray());
            Assert.True(output.AsSpan(n * 9, 4).IndexOfAnyExcept(0f) >= 0);
        }
    }

    private static (float[] Output, DecisionLedger Ledger, ComputeMeter Meter) Run(PatchGating layer, float[] values)
    {
        ComputeMeter meter = new();
        meter.Begin(Samples);
        DecisionLedger ledger = new() { KeepsChoices = true };
        Context context = new() { Meter = meter, Ledger = ledger };
        return (layer.Forward(context, Tensor.From(Batch, values)).ToArray(), ledger, meter);
    }

    private static (PatchGating Layer, Sequential Patch) Make()
    {
        Sequential patch = new(new ConvBlock(2, 5, 3), new GlobalAveragePool());
        PatchGating layer = new(new ConvBlock(2, 4, 3), 4, 6, 3, patch, Tiles);
        layer.Initialize(new RandomSource(9));
        layer.AssignNumbers();

        // Features are not negative: weights of both signs open some gates and close others.
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            if (name.StartsWith("gate.", StringComparison.Ordinal))
            {
                parameter.Value.Span.Clear();
            }

            if (name == "gate.weight")
            {
                new float[] { 1, -1.1f, 0.9f, -1 }.CopyTo(parameter.Value.Span);
            }
        }

        return (layer, patch);
    }
}
