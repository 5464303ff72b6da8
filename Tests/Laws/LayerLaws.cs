using System;
using System.Collections.Generic;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Laws.Cases;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Laws;

/// <summary>
/// What must hold for every layer: a sample's result never depends on its batch or on threads; what is counted is what the layer says it costs;
/// warm inference allocates nothing; freezing changes nothing; gradients are those of the function; what is saved loads again.
/// </summary>
public class LayerLaws
{
    private const int Samples = 3;
    private const ulong Seed = 5;

    // Rooms whose every layer must have a case. A room that is not there yet has no layers.
    private static readonly string[] CoveredRooms = ["ManagedDyn.Layers.InstanceWise", "ManagedDyn.Layers.SpatialWise", "ManagedDyn.Layers.TemporalWise"];

    public static TheoryData<string> Names()
    {
        TheoryData<string> names = [];
        foreach (LayerCase one in LayerCases.All)
        {
            names.Add(one.Name);
        }

        return names;
    }

    /// <summary>All laws on one case, for layers that stand in no list.</summary>
    internal static void CheckAll(LayerCase one)
    {
        CheckBatches(one);
        CheckCost(one);
        CheckShape(one);
        CheckAllocation(one);
        CheckFreezing(one);
        CheckGradients(one);
        CheckState(one);
    }

    [Fact]
    public void Every_dynamic_layer_has_a_case()
    {
        HashSet<Type> covered = [.. LayerCases.All.Select(one => one.LayerType)];
        List<string> missing = [];
        foreach (Type type in typeof(Layer).Assembly.GetExportedTypes())
        {
            bool isDynamic = CoveredRooms.Any(room => type.Namespace?.StartsWith(room, StringComparison.Ordinal) == true);
            if (isDynamic && type.IsSealed && type.IsSubclassOf(typeof(Layer)) && !covered.Contains(type))
            {
                missing.Add(type.FullName!);
            }
        }

        Assert.True(missing.Count == 0, $"No case in Tests/Laws/Cases stands for: {string.Join(", ", missing)}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_batch_equals_its_samples_alone(string name) => CheckBatches(LayerCases.Find(name));

    private static void CheckBatches(LayerCase one)
    {
        string name = one.Name;
        float[] inputs = one.Values(Samples, 1);
        using Workers single = new(1);
        using Workers pair = new(2);
        foreach (bool isFrozen in new[] { false, true })
        {
            Layer layer = Prepared(one, isFrozen);
            float[] batch = Run(layer, one, inputs, single, Accuracy.Fast);
            GradientCheck.SameBits(batch, Run(layer, one, inputs, pair, Accuracy.Fast), $"{name}, frozen {isFrozen}, on two threads");
            GradientCheck.SameBits(batch, Run(layer, one, inputs, single, Accuracy.Fast), $"{name}, frozen {isFrozen}, again");
            int width = batch.Length / Samples;
            for (int sample = 0; sample < Samples; sample++)
            {
                float[] alone = Run(layer, one, inputs.AsSpan(sample * one.Sample.Count, one.Sample.Count), sample == 1 ? pair : single, Accuracy.Fast);
                GradientCheck.SameBits(batch.AsSpan(sample * width, width), alone, $"{name}, frozen {isFrozen}, sample {sample} alone");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_counted_is_what_the_layer_says(string name) => CheckCost(LayerCases.Find(name));

    private static void CheckCost(LayerCase one)
    {
        string name = one.Name;
        foreach (bool isFrozen in new[] { false, true })
        {
            Layer layer = Prepared(one, isFrozen);
            ComputeMeter meter = new();
            meter.Begin(Samples);
            Context context = new() { Meter = meter };
            _ = layer.Forward(context, context.Workspace.RentCopy(one.Batch(Samples), one.Values(Samples, 2)));
            long bound = layer.CountMacs(one.Batch(1)) + one.RuleMacs;
            Assert.Equal(Samples * layer.CountMacs(one.Batch(1)), layer.CountMacs(one.Batch(Samples)));
            for (int sample = 0; sample < Samples; sample++)
            {
                long executed = meter.ExecutedMacs(sample);
                Assert.True(
                    one.Skips ? executed <= bound : executed == bound,
                    $"{name}, frozen {isFrozen}: {executed} MACs were counted for sample {sample}; expected {(one.Skips ? "at most " : string.Empty)}{bound}.");
                Assert.True(executed <= meter.DenseMacs(sample) + one.RuleMacs, $"{name}: {executed} MACs executed, {meter.DenseMacs(sample)} dense.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_output_has_the_shape_told(string name) => CheckShape(LayerCases.Find(name));

    private static void CheckShape(LayerCase one)
    {
        Layer layer = Prepared(one, isFrozen: false);
        foreach (int samples in new[] { 1, Samples })
        {
            Context context = new();
            Tensor output = layer.Forward(context, context.Workspace.RentCopy(one.Batch(samples), one.Values(samples, 3)));
            Assert.Equal(layer.OutputShape(one.Batch(samples)), output.Shape);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Warm_inference_allocates_nothing(string name) => CheckAllocation(LayerCases.Find(name));

    private static void CheckAllocation(LayerCase one)
    {
        Layer layer = Prepared(one, isFrozen: true);
        Context context = new();
        Tensor input = Tensor.From(one.Batch(Samples), one.Values(Samples, 4));
        AllocationAssert.None(() =>
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            _ = layer.Forward(context, input);
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Freezing_changes_nothing(string name) => CheckFreezing(LayerCases.Find(name));

    private static void CheckFreezing(LayerCase one)
    {
        string name = one.Name;
        float[] inputs = one.Values(Samples, 5);
        using Workers workers = new(1);
        float[] plain = Run(Prepared(one, isFrozen: false), one, inputs, workers, Accuracy.Exact);
        float[] frozen = Run(Prepared(one, isFrozen: true), one, inputs, workers, Accuracy.Exact);
        GradientCheck.Near(Array.ConvertAll(plain, value => (double)value), frozen, one.FrozenTolerance, $"{name}, frozen");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_match_differences(string name) => CheckGradients(LayerCases.Find(name));

    private static void CheckGradients(LayerCase one)
    {
        string name = one.Name;
        using Workers workers = new(1);
        Dictionary<string, (int Looked, int Compared)> coverage = new(StringComparer.Ordinal);
        foreach (int seed in new[] { 1, 2, 3 })
        {
            new LayerGradients(one, Mode.Evaluate, seed, workers).Check(coverage);
        }

        for (int seed = 4; seed < 6 && one.ChecksTrainMode; seed++)
        {
            new LayerGradients(one, Mode.Train, seed, workers).Check(coverage);
        }

        // A comparison that never takes place proves nothing.
        foreach ((string tensor, (int looked, int compared)) in coverage)
        {
            Assert.True(
                4 * compared >= looked,
                $"{name}: only {compared} of {looked} elements of {tensor} could be compared with differences; give the case a smaller step or inputs away from kinks.");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_saved_loads_with_the_same_results(string name) => CheckState(LayerCases.Find(name));

    private static void CheckState(LayerCase one)
    {
        string name = one.Name;
        Layer from = Prepared(one, isFrozen: false);
        Layer to = one.Make(Seed + 1);
        SafetensorsWriter writer = new();
        ModuleState.Save(from, writer, "layer.");
        ModuleState.Load(to, SafetensorsFile.Parse(writer.ToArray()), prefix: "layer.");
        using Workers workers = new(1);
        float[] inputs = one.Values(Samples, 6);
        GradientCheck.SameBits(Run(from, one, inputs, workers, Accuracy.Fast), Run(to, one, inputs, workers, Accuracy.Fast), $"{name}, loaded");
    }

    private static Layer Prepared(LayerCase one, bool isFrozen)
    {
        Layer layer = one.Make(Seed);
        if (isFrozen)
        {
            layer.Freeze(Limits.Default);
        }

        return layer;
    }

    private static float[] Run(Layer layer, LayerCase one, ReadOnlySpan<float> inputs, Workers workers, Accuracy accuracy)
    {
        Context context = new(workers) { Mode = Mode.Evaluate, Decisions = Decisions.Hard, Accuracy = accuracy };
        using WorkspaceScope scope = context.Workspace.Enter();
        return layer.Forward(context, context.Workspace.RentCopy(one.Batch(inputs.Length / one.Sample.Count), inputs)).ToArray();
    }
}
