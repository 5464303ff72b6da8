using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>Fits options to the data that a network is to be trained on.</summary>
internal static class PresetSizes
{
    /// <summary>The same options for images of a shape [H, W, C] and a number of classes.</summary>
    public static T For<T>(this T options, Shape shape, int classes)
        where T : ImageModelOptions => (T)(options with { Height = shape[0], Width = shape[1], InputChannels = shape[2], Classes = classes });

    /// <summary>The same options for texts, or for sequences of features [T, F], as the plan's vocabulary says.</summary>
    public static T For<T>(this T options, Shape shape, int classes, TrainingPlan plan)
        where T : SequenceModelOptions => (T)(options with
        {
            Vocabulary = plan.Vocabulary,
            Length = shape[0],
            Features = plan.Vocabulary > 0 ? 0 : shape[1],
            Classes = classes,
        });
}
