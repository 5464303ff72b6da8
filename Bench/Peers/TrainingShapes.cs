using System;

namespace ManagedDyn.Bench.Peers;

/// <summary>The networks of the training rows, told once for both sides.</summary>
internal static class TrainingShapes
{
    public const int ResNet20Blocks = 3;

    public static ReadOnlySpan<(int OutChannels, int Stride)> Cnn6 => new (int, int)[] { (32, 1), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1) };

    public static int[] ResNet20Channels { get; } = [16, 32, 64];

    public static ReadOnlySpan<int> Perceptron => [784, 512, 512, 10];
}
