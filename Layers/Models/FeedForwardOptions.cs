using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of a network of fully connected layers whose neurons are chosen for each input, and how they are.</summary>
public sealed record FeedForwardOptions : ModelOptions
{
    /// <summary>Rows of an input image.</summary>
    public int Height { get; init; } = 28;

    /// <summary>Columns of an input image.</summary>
    public int Width { get; init; } = 28;

    /// <summary>Channels of an input image.</summary>
    public int InputChannels { get; init; } = 1;

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>Neurons of each hidden layer, multiples of the block size.</summary>
    public int[] Hidden { get; init; } = [1024, 1024];

    /// <summary>How neurons are chosen.</summary>
    public FeedForwardMethod Method { get; init; }

    /// <summary>Neurons that are chosen together.</summary>
    public int BlockSize { get; init; } = 32;

    /// <summary>The share of blocks that <see cref="FeedForwardMethod.Blocks"/> is to run.</summary>
    public double Target { get; init; } = 0.4;

    /// <summary>How the gates of <see cref="FeedForwardMethod.Blocks"/> learn.</summary>
    public GateTraining Training { get; init; }

    /// <summary>The rank of the estimator of <see cref="FeedForwardMethod.Signs"/>.</summary>
    public int Rank { get; init; } = 32;

    private static string[] Methods => ["static", "blocks", "signs"];

    private static string[] Trainings => ["straight-through", "policy-gradient"];

    /// <inheritdoc/>
    public override void Validate()
    {
        OptionsCheck.Range(Height, 1, 4096, nameof(Height));
        OptionsCheck.Range(Width, 1, 4096, nameof(Width));
        OptionsCheck.Range(InputChannels, 1, 4096, nameof(InputChannels));
        OptionsCheck.Range((double)Height * Width * InputChannels, 1, 1 << 22, "The number of values of an image");
        OptionsCheck.Range(Classes, 2, 65536, nameof(Classes));
        OptionsCheck.Range(Hidden.Length, 1, 64, "The number of layers in " + nameof(Hidden));
        OptionsCheck.Range((int)Method, 0, (int)FeedForwardMethod.Signs, nameof(Method));
        OptionsCheck.Range((int)Training, 0, (int)GateTraining.PolicyGradient, nameof(Training));
        OptionsCheck.Range(BlockSize, 1, 65536, nameof(BlockSize));
        OptionsCheck.Range(Target, 1e-3, 1, nameof(Target));
        int inputs = Height * Width * InputChannels;
        foreach (int neurons in Hidden)
        {
            OptionsCheck.Range(neurons, 1, 65536, nameof(Hidden));
            if (Method != FeedForwardMethod.Static && neurons % BlockSize != 0)
            {
                throw new ArgumentException($"A layer in {nameof(Hidden)} has {neurons} neurons; expected a multiple of {BlockSize}.");
            }

            if (Method == FeedForwardMethod.Signs)
            {
                OptionsCheck.Range(Rank, 1, Math.Min(inputs, neurons), nameof(Rank));
            }

            inputs = neurons;
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static FeedForwardOptions Read(OptionsReader reader)
    {
        FeedForwardOptions options = new()
        {
            Height = reader.Integer("height", 1, 4096),
            Width = reader.Integer("width", 1, 4096),
            InputChannels = reader.Integer("input_channels", 1, 4096),
            Classes = reader.Integer("classes", 2, 65536),
            Hidden = reader.Integers("hidden", 64, 1, 65536),
            Method = (FeedForwardMethod)OptionsCheck.Choice(reader, "method", Methods),
            BlockSize = reader.Integer("block_size", 1, 65536),
            Target = reader.Real("target", 1e-3, 1),
            Training = (GateTraining)OptionsCheck.Choice(reader, "training", Trainings),
            Rank = reader.Integer("rank", 1, 65536),
        };
        reader.Finish();
        OptionsCheck.Sound(options.Validate, "options of feed-forward");
        return options;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("height", Height);
        writer.WriteNumber("width", Width);
        writer.WriteNumber("input_channels", InputChannels);
        writer.WriteNumber("classes", Classes);
        OptionsWriter.Integers(writer, "hidden", Hidden);
        writer.WriteString("method", Methods[(int)Method]);
        writer.WriteNumber("block_size", BlockSize);
        writer.WriteNumber("target", Target);
        writer.WriteString("training", Trainings[(int)Training]);
        writer.WriteNumber("rank", Rank);
        writer.WriteEndObject();
    }
}
