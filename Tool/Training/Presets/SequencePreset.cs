using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>What presets of networks that read sequences share: Adam, and a rate that small networks bear.</summary>
internal static class SequencePreset
{
    private const double Rate = 2e-3;

    /// <summary>A preset for texts alone.</summary>
    public static ModelPreset ForTexts(string name, string summary, string counterpart, Func<Shape, int, TrainingPlan, StagedNetwork> create) =>
        Make(name, summary, counterpart, InputForm.Texts, create);

    /// <summary>A preset for texts and for sequences of features.</summary>
    public static ModelPreset ForSequences(string name, string summary, string counterpart, Func<Shape, int, TrainingPlan, StagedNetwork> create) =>
        Make(name, summary, counterpart, InputForm.Sequences, create);

    private static ModelPreset Make(string name, string summary, string counterpart, InputForm form, Func<Shape, int, TrainingPlan, StagedNetwork> create) => new(name, summary, create)
    {
        Static = counterpart,
        Takes = form,
        UsesAdam = true,
        Rate = Rate,
    };
}
