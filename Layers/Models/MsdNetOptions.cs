using System;

namespace ManagedDyn.Layers.Models;

/// <summary>The sizes of an <see cref="MsdNet"/>.</summary>
public sealed record MsdNetOptions
{
    /// <summary>Rows of an input image.</summary>
    public int Height { get; init; } = 32;

    /// <summary>Columns of an input image.</summary>
    public int Width { get; init; } = 32;

    /// <summary>Channels of an input image.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>The number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>The number of scales; each has half the rows and columns of the one before it.</summary>
    public int Scales { get; init; } = 3;

    /// <summary>The stride of the first convolution: 1 keeps the image's size as the finest scale, 2 halves it.</summary>
    public int StemStride { get; init; } = 1;

    /// <summary>Channels of the finest scale after the first layer; scale s has this times its growth factor.</summary>
    public int BaseChannels { get; init; } = 16;

    /// <summary>Channels that each layer adds to the finest scale; scale s adds this times its growth factor.</summary>
    public int GrowthRate { get; init; } = 16;

    /// <summary>The growth factor of each scale, finest first; as many as there are scales.</summary>
    public int[] GrowthFactors { get; init; } = [1, 2, 4];

    /// <summary>
    /// Width of the 1×1 convolution before each 3×3, in multiples of the channels that the 3×3 gives, by scale; never wider than its input.
    /// </summary>
    public int[] BottleneckFactors { get; init; } = [1, 1, 1];

    /// <summary>The number of layers of each block; there is an exit after each block.</summary>
    public int[] LayersPerBlock { get; init; } = [1, 1, 1, 1];

    /// <summary>Whether fine scales are given up as depth grows, evenly over the layers, as in the paper's section 4 ("network reduction").</summary>
    public bool DropsScales { get; init; } = true;

    /// <summary>The share of channels that a transition keeps where a scale is given up.</summary>
    public float Reduction { get; init; } = 0.5f;

    /// <summary>Channels of the two 3×3 convolutions of each exit's classifier.</summary>
    public int ClassifierChannels { get; init; } = 64;

    /// <summary>The number of layers of all blocks.</summary>
    public int LayerCount
    {
        get
        {
            int count = 0;
            foreach (int layers in LayersPerBlock)
            {
                count += layers;
            }

            return count;
        }
    }

    /// <summary>What of the answer before is added to each answer, 0 to 1: above 0 the exits are a boosted sum.</summary>
    public float ExitCarry { get; init; }

    /// <summary>Checks that the sizes make a network.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the option, its value and what is expected.</exception>
    public void Validate()
    {
        Require(Height, 4, 4096, nameof(Height));
        Require(Width, 4, 4096, nameof(Width));
        Require(InputChannels, 1, 4096, nameof(InputChannels));
        Require(Classes, 2, 65536, nameof(Classes));
        Require(Scales, 1, 6, nameof(Scales));
        Require(StemStride, 1, 2, nameof(StemStride));
        Require(BaseChannels, 1, 1024, nameof(BaseChannels));
        Require(GrowthRate, 2, 1024, nameof(GrowthRate));
        Require(ClassifierChannels, 1, 4096, nameof(ClassifierChannels));
        RequireList(GrowthFactors, Scales, Scales, nameof(GrowthFactors));
        RequireList(BottleneckFactors, Scales, Scales, nameof(BottleneckFactors));
        RequireList(LayersPerBlock, 1, 64, nameof(LayersPerBlock));
        if (!(ExitCarry is >= 0 and <= 1))
        {
            throw new ArgumentException($"{nameof(ExitCarry)} is {ExitCarry}; expected 0 to 1.");
        }

        if (!(Reduction is > 0f and <= 1f))
        {
            throw new ArgumentException(FormattableString.Invariant($"Reduction is {Reduction}; expected more than 0 and at most 1."));
        }
    }

    private static void Require(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{name} is {value}; expected {least} to {most}.");
        }
    }

    private static void RequireList(int[] values, int least, int most, string name)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Length < least || values.Length > most)
        {
            throw new ArgumentException($"{name} has {values.Length} values; expected {(least == most ? $"{least}" : $"{least} to {most}")}.");
        }

        foreach (int value in values)
        {
            Require(value, 1, 64, name);
        }
    }
}
