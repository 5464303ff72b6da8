using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Audio;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Data.Video;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Training;

/// <summary>Makes the encoding of a data set, from its training part alone. One entry for each kind of data.</summary>
internal static class InputFitting
{
    // Texts longer than most are cut: every step costs, for the few that need it.
    private const double CoveredTexts = 0.98;
    private const int LongestText = 64;
    private const int LongestSignal = 512;

    /// <summary>The encoding that a plan asks for; null where the data are ready.</summary>
    public static InputEncoding? Fit(DataSplits data, TrainingPlan plan, InputForm form) => data switch
    {
        ImageSplits images => OfImages(images, form),
        TextSplits texts => OfTexts(texts, plan),
        VideoSplits videos => Preprocessing.From(videos.VideoShape, Normalization.Measure(videos.Sheets.Training)),
        RecordingSplits recordings => OfRecordings(recordings, plan),
        ReadySplits => null,
        _ => throw new ToolException($"there is no way to prepare the {data.Noun} of {data.Name} for a network"),
    };

    /// <summary>Refuses data that a preset's network does not take.</summary>
    public static void Check(ModelPreset preset, DataSplits data, InputEncoding? encoding, Shape sample)
    {
        AnswerKind asked = data is ImageSplits images ? images.Training.Answers : AnswerKind.Label;
        if (asked != preset.Answers)
        {
            throw new ToolException($"{preset.Name} answers with {Describe(preset.Answers)}, and the data set {data.Name} asks for {Describe(asked)}; 'mdyn info --models' lists the models");
        }

        bool isText = encoding is TextEncoding;
        bool fits = preset.Takes switch
        {
            InputForm.Images => !isText && sample.Rank == 3,
            InputForm.Texts => isText,
            InputForm.Sequences => isText || sample.Rank == 2,
            InputForm.Frames => sample.Rank == 4,
            _ => false,
        };
        if (!fits)
        {
            throw new ToolException($"{preset.Name} takes {Describe(preset.Takes)}, and the data set {data.Name} has {data.Noun}; 'mdyn train --help' lists the models");
        }
    }

    /// <summary>What is trained where no model is named.</summary>
    public static string UsualModel(DataSplits data) => data switch
    {
        ImageSplits { Training.Answers: AnswerKind.LabelMap } => "segmenter",
        ImageSplits { Training.Answers: AnswerKind.Picture } => "denoiser",
        ImageSplits => TrainingPlan.UsualModel,
        TextSplits => "exit-transformer",
        VideoSplits => "frame-exit",
        RecordingSplits => "early-stop-conv",
        ReadySplits { Noun: "sequences" } => "early-stop-lstm",
        _ => "skip-lstm",
    };

    private static string Describe(AnswerKind answers) => answers switch
    {
        AnswerKind.LabelMap => "a class for each pixel",
        AnswerKind.Picture => "a picture",
        _ => "one class",
    };

    private static string Describe(InputForm form) => form switch
    {
        InputForm.Images => "images",
        InputForm.Texts => "texts",
        InputForm.Sequences => "texts or sequences of features",
        _ => "frames of a video",
    };

    private static Preprocessing OfImages(ImageSplits images, InputForm form)
    {
        Shape shape = images.Training.ImageShape;
        Normalization normalization = Normalization.Measure(images.Training);
        return Preprocessing.From(form == InputForm.Sequences ? new Shape(shape[0] * shape[1], shape[2]) : shape, normalization);
    }

    private static TextEncoding OfTexts(TextSplits texts, TrainingPlan plan)
    {
        IReadOnlyList<string> training = texts.Training.Texts;
        Tokenizer tokenizer = plan.Tokenizer == TrainingPlan.BytePairs
            ? BytePairTokenizer.Train(training, plan.Vocabulary)
            : WordTokenizer.Train(training, plan.Vocabulary);
        return new TextEncoding(tokenizer, plan.Length > 0 ? plan.Length : UsualLength(training, tokenizer));
    }

    private static SignalEncoding OfRecordings(RecordingSplits recordings, TrainingPlan plan)
    {
        IReadOnlyList<Recording> training = recordings.Training.Recordings;
        SpectrumOptions options = SpectrumOptions.For(training[0].Rate);
        int steps = plan.Length;
        if (steps == 0)
        {
            MelSpectrum spectrum = new(options);
            int[] lengths = new int[training.Count];
            for (int i = 0; i < lengths.Length; i++)
            {
                lengths[i] = spectrum.FramesOf((int)Math.Min(int.MaxValue, training[i].Duration.TotalSeconds * options.Rate));
            }

            Array.Sort(lengths);
            steps = Math.Clamp(lengths[(int)(CoveredTexts * (lengths.Length - 1))], 1, LongestSignal);
        }

        return SignalEncoding.Measure(options, steps, training);
    }

    private static int UsualLength(IReadOnlyList<string> texts, Tokenizer tokenizer)
    {
        int[] lengths = new int[texts.Count];
        List<int> tokens = [];
        for (int i = 0; i < lengths.Length; i++)
        {
            tokens.Clear();
            tokenizer.Encode(texts[i], tokens);
            lengths[i] = tokens.Count;
        }

        Array.Sort(lengths);
        return Math.Clamp(lengths[(int)(CoveredTexts * (lengths.Length - 1))], 1, LongestText);
    }
}
