using System;
using System.Diagnostics;
using ManagedDyn.Bench.Peers;

namespace ManagedDyn.Bench.Compare;

/// <summary>Training steps beside TorchSharp, one thread.</summary>
internal static class TrainingRows
{
    private const int Batch = 64;
    private const double WarmUpSeconds = 2;

    public static BenchResult Measure(BenchRow row, double seconds)
    {
        OurTraining ours;
        Func<int, TorchPeer> make;
        if (row.Name.StartsWith("cnn6", StringComparison.Ordinal))
        {
            (ours, make) = (OurTraining.Cnn6(Batch), TorchPeer.Cnn6);
        }
        else if (row.Name.StartsWith("resnet20", StringComparison.Ordinal))
        {
            (ours, make) = (OurTraining.ResNet20(Batch), TorchPeer.ResNet20);
        }
        else if (row.Name.StartsWith("mlp", StringComparison.Ordinal))
        {
            (ours, make) = (OurTraining.Perceptron(Batch), TorchPeer.Perceptron);
        }
        else
        {
            return BenchResult.NotMeasured(row, "no network of this name");
        }

        WarmUp(ours.Step);
        if (TorchPeer.Refusal() is { } refusal)
        {
            double alone = Interleaved.Medians(seconds, ours.Step)[0];
            return new BenchResult(row, refusal, alone, double.NaN, double.NaN);
        }

        using TorchPeer peer = make(Batch);
        double[] times = Interleaved.Medians(seconds, ours.Step, peer.Step);
        return new BenchResult(row, "TorchSharp", times[0], times[1], times[1]);
    }

    // A step passes through many methods, each of which is compiled anew as it is used more: the few steps of the usual warm-up are too few.
    private static void WarmUp(Action step)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds)
        {
            step();
        }
    }
}
