using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>Clouds of points around the corners of a cube: easy to learn, made from a seed.</summary>
public sealed class BlobSource(int count, int batchSize, int classes, ulong seed, bool shuffles) : IBatchSource
{
    public const int Inputs = 6;
    private readonly RandomSource _random = new(seed);

    public int Poisoned { get; init; } = -1;

    public Shape SampleShape => new(Inputs);

    public int ClassCount => classes;

    public int BatchCount => count / batchSize;

    public int CountOf(int batch) => batchSize;

    public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
    {
        int[] order = new int[count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        if (shuffles)
        {
            _random.Stream("shuffle").Shuffle(order, epoch);
        }

        for (int row = 0; row < labels.Length; row++)
        {
            int sample = order[(batch * batchSize) + row];
            labels[row] = sample % classes;
            Span<float> point = samples.Slice(row * Inputs, Inputs);
            _random.Stream("points").FillNormal(point, 0, sample);
            for (int i = 0; i < Inputs; i++)
            {
                point[i] = (0.5f * point[i]) + (((labels[row] >> (i % 3)) & 1) == 0 ? -1 : 1);
            }

            if (sample == Poisoned)
            {
                point[0] = float.NaN;
            }
        }
    }
}
