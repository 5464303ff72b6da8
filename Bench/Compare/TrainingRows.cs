using System;
using ManagedDyn.Bench.Peers;

namespace ManagedDyn.Bench.Compare;

/// <summary>Training steps beside TorchSharp, one thread.</summary>
internal static class TrainingRows
{
    private const int Batch = 64;

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

        if (TorchPeer.Refusal() is { } refusal)
        {
            double alone = Interleaved.Medians(seconds, ours.Step)[0];
            return new BenchResult(row, refusal, alone, double.NaN, double.NaN);
        }

        using TorchPeer peer = make(Batch);
        double[] times = Interleaved.Medians(seconds, ours.Step, peer.Step);
        return new BenchResult(row, "TorchSharp", times[0], times[1], times[1]);
    }
}
