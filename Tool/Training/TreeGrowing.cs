using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Training.Presets;

namespace ManagedDyn.Tool.Training;

/// <summary>Grows the tree of an adaptive-tree from one leaf, before all of it is trained by the plan.</summary>
internal static class TreeGrowing
{
    private const int ValidationBatch = 256;

    // Each leaf is looked at a few times: split, or a longer edge, or left as it is.
    private const int StepsPerLeaf = 4;

    /// <summary>Grows a tree.</summary>
    /// <param name="plan">Its rate, decay, seed, batch and augmentation count; its epochs are for the grown tree.</param>
    /// <param name="data">The data; the validation part decides what is kept.</param>
    /// <param name="leaves">The most leaves.</param>
    /// <param name="workers">The threads.</param>
    /// <param name="tool">Takes a line for each step.</param>
    /// <param name="prints">Whether to print them.</param>
    /// <returns>The grown network, and the plan that tells its form.</returns>
    public static (SingleStage Network, TrainingPlan Plan) Grow(TrainingPlan plan, DataSplits data, int leaves, Workers workers, ToolContext tool, bool prints)
    {
        ModelPreset preset = ModelPreset.Find(plan.Model);
        InputEncoding? encoding = InputFitting.Fit(data, plan, preset.Takes);
        SampleSplits samples = InputEncoding.Encode(encoding, data);
        InputFitting.Check(preset, data, encoding, samples.Training.SampleShape);
        RandomSource random = new((ulong)plan.Seed);
        SampleSet trained = samples.Training is ImageSamples { IsSequence: false } images ? images.With(plan.Augmentation) : samples.Training;
        AdaptiveTreeGrowthOptions options = new()
        {
            MostLeaves = leaves,
            MostSteps = StepsPerLeaf * leaves,
            RefinementEpochs = 0,
            Rate = (float)plan.Rate,
            Decay = (float)plan.Decay,
            Seed = (ulong)plan.Seed,
        };
        AdaptiveTreeGrowth growth = new(
            trained.Batches(plan.BatchSize, random, dropLast: trained.Count >= plan.BatchSize), samples.Validation.Batches(ValidationBatch), options, workers);
        AdaptiveTreeOptions start = RoutingPresets.Tree(samples.Training.SampleShape, samples.Training.ClassNames.Count, "1");
        try
        {
            SingleStage grown = growth.Grow(start, (tree, loss) => Tell(tool, tree, loss, prints), tool.Cancellation);
            int[] nodes = ((AdaptiveTreeOptions)grown.Recipe!).Nodes;
            return (grown, plan with { Tree = string.Join(',', Array.ConvertAll(nodes, node => node.ToString(CultureInfo.InvariantCulture))) });
        }
        catch (OperationCanceledException e)
        {
            throw new ToolException("stopped while the tree grew; nothing is kept, begin again", e);
        }
        catch (TrainingDivergedException e)
        {
            throw new ToolException(e.Message.TrimEnd('.'), e);
        }
    }

    private static void Tell(ToolContext tool, AdaptiveTreeOptions tree, double loss, bool prints)
    {
        if (prints)
        {
            TreeNodeShape shape = TreeNodeShape.Parse(tree.Nodes);
            tool.Terminal.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"tree {string.Join(' ', tree.Nodes),-24} {shape.LeafCount} {(shape.LeafCount == 1 ? "leaf" : "leaves")}  validation loss {loss:F3}"));
            tool.Terminal.Flush();
        }
    }
}
