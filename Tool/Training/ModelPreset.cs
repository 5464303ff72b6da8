using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Tool.Training.Presets;

namespace ManagedDyn.Tool.Training;

/// <summary>
/// A network by name, made to the shape of a sample and the number of classes, with what its paper adds to the loss. A new one is added to the list of its
/// family in Presets.
/// </summary>
public sealed record ModelPreset(string Name, string Summary, Func<Shape, int, TrainingPlan, StagedNetwork> Create)
{
    /// <summary>All presets, in the order in which they are listed.</summary>
    public static IReadOnlyList<ModelPreset> All { get; } =
    [
        .. StaticPresets.All,
        .. ExitPresets.All,
        .. DepthPresets.All,
        .. WidthPresets.All,
        .. RoutingPresets.All,
        .. ParameterPresets.All,
        .. FeaturePresets.All,
        .. SpatialPresets.All,
        .. RegionPresets.All,
        .. DensePresets.All,
        .. TextPresets.All,
        .. VideoPresets.All,
        .. SignalPresets.All,
    ];

    /// <summary>Where the method comes from: authors, title, venue.</summary>
    public string Paper { get; init; } = "";

    /// <summary>The preset of the static network that it is to be compared with; empty: it is one itself.</summary>
    public string Static { get; init; } = "";

    /// <summary>What the method adds to the loss, given the usual one; null: nothing.</summary>
    public Func<Objective, TrainingPlan, Objective>? Objective { get; init; }

    /// <summary>What the network takes.</summary>
    public InputForm Takes { get; init; }

    /// <summary>Whether it is trained by Adam with clipped gradients, as recurrent networks and transformers need; else by momentum.</summary>
    public bool UsesAdam { get; init; }

    /// <summary>The learning rate that suits the method; 0: the usual one.</summary>
    public double Rate { get; init; }

    /// <summary>What the network answers with; data must ask for it.</summary>
    public AnswerKind Answers { get; init; }

    /// <summary>Images in a batch that suit the method; 0: the usual number.</summary>
    public int Batch { get; init; }

    /// <summary>The share of the dynamic part that shall run, where the method has such a target; 0: it has none.</summary>
    public double Target { get; init; }

    /// <summary>Whether <see cref="Target"/> follows from how the network is built, so that no other can be asked for.</summary>
    public bool HasFixedTarget { get; init; }

    /// <summary>Whether a plan's target changes how the network is made or trained.</summary>
    public bool TakesTarget => Target > 0 && !HasFixedTarget;

    /// <summary>Whether a plan's attention and activation change how the network is made.</summary>
    public bool HasFeatureChoice { get; init; }

    /// <summary>Whether the loss takes the place of the usual one, with its label smoothing and distillation.</summary>
    public bool HasOwnLoss { get; init; }

    /// <summary>Whether the method promises accuracy at nearly the same cost, and not the same accuracy at less cost.</summary>
    public bool AddsAccuracy { get; init; }

    public static string[] Names
    {
        get
        {
            string[] names = new string[All.Count];
            for (int i = 0; i < names.Length; i++)
            {
                names[i] = All[i].Name;
            }

            return names;
        }
    }

    public static ModelPreset Find(string name)
    {
        foreach (ModelPreset preset in All)
        {
            if (preset.Name == name)
            {
                return preset;
            }
        }

        throw new ToolException($"there is no model preset '{name}'; expected {string.Join(" or ", Names)}", ExitCode.WrongUsage);
    }
}
