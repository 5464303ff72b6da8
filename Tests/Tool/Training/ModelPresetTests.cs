using System.IO;
using System.Text;
using System.Text.Json;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tool.Training;
using ManagedDyn.Tool.Training.Presets;
using Xunit;

namespace ManagedDyn.Tests.Tool.Training;

public sealed class ModelPresetTests
{
    private const int Classes = 4;

    public static TheoryData<string> Names => [.. ModelPreset.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatAPresetSaysItTakesIsWhatChangesIt(string name)
    {
        ModelPreset preset = ModelPreset.Find(name);
        TrainingPlan plan = new() { Data = "none", Model = name, Vocabulary = preset.Takes is InputForm.Texts or InputForm.Sequences ? 50 : 0, Target = preset.Target };
        string usual = Describe(preset, plan);
        Assert.Equal(usual, Describe(preset, plan));
        Assert.Equal(preset.TakesTarget, usual != Describe(preset, plan with { Target = (preset.Target + 1) / 2 }));
        Assert.Equal(preset.HasFeatureChoice, usual != Describe(preset, plan with { Attention = FeaturePresets.Attentions[0] }));
        Assert.Equal(preset.HasFeatureChoice, usual != Describe(preset, plan with { Activation = FeaturePresets.Activations[^1] }));
        Assert.Equal(!preset.HasOwnLoss, usual != Describe(preset, plan with { Smoothing = 0.1 }));
        Assert.Equal(!preset.HasOwnLoss, usual != Describe(preset, plan with { Distillation = 0.5 }));
        Assert.Equal(name == RoutingPresets.AdaptiveTree, usual != Describe(preset, plan with { Tree = "1" }));
    }

    // All of the network's form and of its loss that the plan has a part in.
    private static string Describe(ModelPreset preset, TrainingPlan plan)
    {
        Shape sample = preset.Takes switch
        {
            InputForm.Texts or InputForm.Sequences => new Shape(16),
            InputForm.Frames => new Shape(8, 32, 32, 3),
            _ => new Shape(32, 32, 3),
        };
        StagedNetwork network = preset.Create(sample, Classes, plan);
        ModelArchitecture? architecture = ModelCatalogue.FindFor(network);
        Assert.NotNull(architecture);
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            architecture.WriteOptions(writer, network);
        }

        Objective objective = new MultiExitObjective([], (float)plan.Smoothing, (float)plan.Distillation);
        objective = preset.Objective?.Invoke(objective, plan) ?? objective;
        return $"{architecture.Name} {Encoding.UTF8.GetString(stream.ToArray())} {objective.Description}";
    }
}
