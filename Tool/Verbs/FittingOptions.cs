using System.Collections.Generic;
using System.CommandLine;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Audio;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Training;
using ManagedDyn.Tool.Training.Presets;

namespace ManagedDyn.Tool.Verbs;

/// <summary>The options of training that only some models or data have a use for. Given with others they are refused: they would do nothing.</summary>
internal sealed class FittingOptions
{
    private readonly Option<double?> _smoothing = Options.Number("--smoothing", "E", "Label smoothing; 0 if not given.", 0, 0.99);
    private readonly Option<double?> _distillation = Options.Number("--distillation", "W", "How much each exit also learns from the last one; 0 if not given.", 0, 100);
    private readonly Option<long?> _shift = Options.Whole("--shift", "PIXELS", "Shift training images by up to so many pixels.", 0, 64);
    private readonly Option<bool> _flip = Options.Flag("--flip", "Mirror half of the training images.");
    private readonly Option<double?> _erase = Options.Number("--erase", "P", "Erase a rectangle of a training image with this probability.", 0, 1);
    private readonly Option<long?> _size = Options.Whole("--image-size", "PIXELS", "Resize image files to this height and width.", 4, 4096);
    private readonly Option<double?> _target = Options.Number("--target", "SHARE", "The share of the dynamic part that shall run, where the model has such a target; its own if not given.", 0.01, 1);
    private readonly Option<string?> _attention = Options.Choice("--attention", "The attention of attention-resnet; se if not given.", FeaturePresets.Attentions);
    private readonly Option<string?> _activation = Options.Choice("--activation", "The activation of attention-resnet; relu if not given.", FeaturePresets.Activations);
    private readonly Option<string?> _tokenizer = Options.Choice("--tokenizer", "What texts are cut into; words if not given.", TrainingPlan.Words, TrainingPlan.BytePairs);
    private readonly Option<long?> _vocabulary = Options.Whole("--vocabulary", "N", "The most words or byte pairs; 4096 if not given.", 300, 1 << 20);
    private readonly Option<long?> _length = Options.Whole("--length", "STEPS", "Cut texts at so many tokens, or recordings at so many steps; what nearly all training samples have, at most 64 tokens or 512 steps, if not given.", 1, 4096);
    private readonly Option<long?> _grow = Options.Whole("--grow", "LEAVES", "Grow the tree of adaptive-tree from one leaf to at most so many, as validation gains by it; then all of it is trained for --epochs.", 1, 64);

    public IReadOnlyList<Option> All => [_smoothing, _distillation, _shift, _flip, _erase, _size, _target, _attention, _activation, _tokenizer, _vocabulary, _length, _grow];

    /// <summary>Pixels that images are resized to; 0: as they are.</summary>
    public int ImageSize(ParseResult arguments) => (int)(arguments.GetValue(_size) ?? 0);

    /// <summary>The most leaves that a tree grows to; null: it does not grow.</summary>
    public int? Leaves(ParseResult arguments) => (int?)arguments.GetValue(_grow);

    /// <summary>A plan with what was given.</summary>
    public TrainingPlan AddTo(TrainingPlan plan, ParseResult arguments) => plan with
    {
        Smoothing = arguments.GetValue(_smoothing) ?? plan.Smoothing,
        Distillation = arguments.GetValue(_distillation) ?? plan.Distillation,
        Shift = (int)(arguments.GetValue(_shift) ?? 0),
        Flip = arguments.GetValue(_flip),
        Erase = arguments.GetValue(_erase) ?? 0,
        ImageSize = ImageSize(arguments),
        Target = arguments.GetValue(_target) ?? plan.Target,
        Attention = arguments.GetValue(_attention) ?? plan.Attention,
        Activation = arguments.GetValue(_activation) ?? plan.Activation,
        Tokenizer = arguments.GetValue(_tokenizer) ?? plan.Tokenizer,
        Vocabulary = (int)(arguments.GetValue(_vocabulary) ?? plan.Vocabulary),
        Length = (int)(arguments.GetValue(_length) ?? plan.Length),
    };

    /// <summary>Refuses what a model has no use for, whatever the data.</summary>
    public void Check(ParseResult arguments, ModelPreset preset)
    {
        string there = With(preset);
        if (!preset.HasFeatureChoice)
        {
            Options.RefuseIdle(arguments, $"{there} ({FeaturePresets.AttentionResNet} takes it)", _attention, _activation);
        }

        if (!preset.TakesTarget)
        {
            Options.RefuseIdle(arguments, $"{there}, {(preset.HasFixedTarget ? "whose target is fixed" : "which has no target")} ('mdyn info --models' tells which take it)", _target);
        }

        if (preset.Name != RoutingPresets.AdaptiveTree)
        {
            Options.RefuseIdle(arguments, $"{there}, which has no tree to grow ({RoutingPresets.AdaptiveTree} takes it)", _grow);
        }

        if (preset.HasOwnLoss)
        {
            Options.RefuseIdle(arguments, $"{there}, which has a loss of its own (models that learn by cross-entropy take it)", _smoothing, _distillation);
        }

        // The number of exits is told by the network, which is there only after all of the tree has grown.
        if (Leaves(arguments) is not null)
        {
            Options.RefuseIdle(arguments, WithOneExit(preset), _distillation);
        }
    }

    /// <summary>Refuses what a model has no use for on these data.</summary>
    public void Check(ParseResult arguments, ModelPreset preset, DataSplits data)
    {
        string there = $"{With(preset)} on the {data.Noun} of {data.Name}";
        if (data is not TextSplits)
        {
            Options.RefuseIdle(arguments, $"{there} (texts take it)", _tokenizer, _vocabulary);
        }

        if (data is not (TextSplits or RecordingSplits))
        {
            Options.RefuseIdle(arguments, $"{there} (texts and recordings take it)", _length);
        }

        if (data is not ImageSplits)
        {
            Options.RefuseIdle(arguments, $"{there} (images take it)", _shift, _flip, _erase);
        }
        else if (preset.Takes == InputForm.Sequences)
        {
            Options.RefuseIdle(arguments, $"{there}, which it reads pixel by pixel (models that take images take it)", _shift, _flip, _erase);
        }

        if (!HasSize(data, ImageSize(arguments)))
        {
            Options.RefuseIdle(arguments, $"{there} (folders of pictures and IDX files take it)", _size);
        }

        if (data is ReadySplits { Samples.AreLevels: true })
        {
            Options.RefuseIdle(arguments, $"{there}, which are answered with a number (data with classes take it)", _smoothing, _distillation);
        }
    }

    /// <summary>Refuses what a network that was made has no use for.</summary>
    public void Check(ParseResult arguments, ModelPreset preset, StagedNetwork network)
    {
        if (network.StageCount == 1)
        {
            Options.RefuseIdle(arguments, WithOneExit(preset), _distillation);
        }
    }

    private static string With(ModelPreset preset) => $"with --model {preset.Name}";

    private static string WithOneExit(ModelPreset preset) => $"{With(preset)}, which has one exit (models with several take it)";

    // Data that come in one size, such as the built-in ones, are what they are.
    private static bool HasSize(DataSplits data, int size) => data switch
    {
        ImageSplits images => images.Training.Height == size && images.Training.Width == size,
        VideoSplits videos => videos.VideoShape[1] == size && videos.VideoShape[2] == size,
        _ => false,
    };
}
