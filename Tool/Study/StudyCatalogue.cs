using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.Training;
using ManagedDyn.Tool.Training.Presets;

namespace ManagedDyn.Tool.Study;

/// <summary>The studies: every preset of a family that names a static counterpart is a row.</summary>
public static class StudyCatalogue
{
    public const string InstanceWise = "instance-wise";

    public const string SpatialWise = "spatial-wise";

    public const string TemporalWise = "temporal-wise";

    // Of these the papers promise half.
    private static readonly HashSet<string> HalfRows = new(StringComparer.Ordinal) { "dynconv-resnet", "dynconv-resnet-pixels", "ranet", "glance-and-focus" };

    public static string[] Names => [InstanceWise, SpatialWise, TemporalWise];

    /// <summary>The rows of a study.</summary>
    /// <param name="study">One of <see cref="Names"/>.</param>
    /// <param name="common">
    /// What all rows share: data, epochs, batch, augmentation. Sequences are studied on several data sets: there the data are the folder that holds them, and epochs
    /// and batch, where they are 0, are each row's own.
    /// </param>
    /// <param name="isQuick">Whether rows that have epochs of their own take few; networks that answer for each pixel are then left out.</param>
    public static IReadOnlyList<StudyEntry> Entries(string study, TrainingPlan common, bool isQuick = false)
    {
        ArgumentNullException.ThrowIfNull(common);
        if (study == SpatialWise)
        {
            List<StudyEntry> spatial = [];
            AddPresets(spatial, SpatialPresets.All, common);
            AddPresets(spatial, RegionPresets.All, common);
            if (!isQuick)
            {
                AddPixels(spatial, common);
            }

            for (int i = 0; i < spatial.Count; i++)
            {
                spatial[i] = HalfRows.Contains(spatial[i].Name) ? spatial[i] with { MostMacs = 0.5, Spends = true } : spatial[i];
            }

            return spatial;
        }

        if (study == TemporalWise)
        {
            return TemporalRows.Entries(common, isQuick);
        }

        if (study != InstanceWise)
        {
            throw ToolException.Usage($"there is no study '{study}'; expected {string.Join(" or ", Names)}");
        }

        List<StudyEntry> entries = [];
        foreach (IReadOnlyList<ModelPreset> family in (IReadOnlyList<ModelPreset>[])[ExitPresets.All, DepthPresets.All, WidthPresets.All, RoutingPresets.All])
        {
            AddPresets(entries, family, common);
        }

        AddPresets(entries, ParameterPresets.All, common, addsAccuracy: true);
        foreach (ModelPreset preset in FeaturePresets.All)
        {
            AddFeatures(entries, preset, common);
        }

        return entries;
    }

    // What answers for each pixel is studied on the drawn scenes, whatever the study's own data.
    private static void AddPixels(List<StudyEntry> entries, TrainingPlan common)
    {
        foreach (ModelPreset preset in DensePresets.All)
        {
            if (preset.Static.Length > 0)
            {
                TrainingPlan plan = common with
                {
                    Data = preset.Answers == AnswerKind.Picture ? Datasets.NoisyScenes : Datasets.Scenes,
                    BatchSize = preset.Batch,
                    Folds = 0,
                    ImageSize = 0,
                    Shift = 0,
                    Flip = false,
                };
                entries.Add(new StudyEntry($"{preset.Name}, {plan.Data}", For(preset.Name, plan), For(preset.Static, plan), StudyClaim.SavesCompute));
            }
        }
    }

    private static void AddPresets(List<StudyEntry> entries, IReadOnlyList<ModelPreset> presets, TrainingPlan common, bool addsAccuracy = false)
    {
        foreach (ModelPreset preset in presets)
        {
            if (preset.Static.Length > 0)
            {
                StudyClaim claim = addsAccuracy || preset.AddsAccuracy ? StudyClaim.AddsAccuracy : StudyClaim.SavesCompute;
                entries.Add(new StudyEntry(preset.Name, For(preset.Name, common), For(preset.Static, common), claim));
            }
        }
    }

    // The backbone without attention and with plain rectifiers is the static counterpart of all the others.
    private static void AddFeatures(List<StudyEntry> entries, ModelPreset preset, TrainingPlan common)
    {
        TrainingPlan plan = For(preset.Name, common);
        TrainingPlan plain = plan with { Attention = FeaturePresets.Attentions[0], Activation = FeaturePresets.Activations[0] };
        foreach (string attention in FeaturePresets.Attentions.AsSpan(1))
        {
            entries.Add(new StudyEntry($"{preset.Name} {attention}", plain with { Attention = attention }, plain, StudyClaim.AddsAccuracy));
        }

        foreach (string activation in FeaturePresets.Activations.AsSpan(1))
        {
            entries.Add(new StudyEntry($"{preset.Name} {activation}", plain with { Activation = activation }, plain, StudyClaim.AddsAccuracy));
        }
    }

    private static TrainingPlan For(string model, TrainingPlan common)
    {
        ModelPreset preset = ModelPreset.Find(model);
        return common with { Model = model, Rate = preset.Rate > 0 ? preset.Rate : common.Rate };
    }
}
