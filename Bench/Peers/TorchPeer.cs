using System;
using System.Collections.Generic;
using static TorchSharp.torch;

namespace ManagedDyn.Bench.Peers;

/// <summary>Training steps in TorchSharp: forward, cross entropy, backward, stochastic gradient descent with momentum.</summary>
internal sealed class TorchPeer : IDisposable
{
    private const double Rate = 0.01;
    private const double Momentum = 0.9;
    private const int MaximumReason = 160;

    private readonly nn.Module<Tensor, Tensor> _network;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _input;
    private readonly Tensor _labels;

    private TorchPeer(nn.Module<Tensor, Tensor> network, Tensor input, int classes)
    {
        _network = network;
        _input = input;
        _labels = randint(classes, [input.shape[0]], dtype: int64);
        _optimizer = optim.SGD(network.parameters(), Rate, Momentum);
        network.train();
    }

    /// <summary>Why TorchSharp cannot be used here; null when it can.</summary>
    public static string? Refusal()
    {
        try
        {
            set_num_threads(1);
            using Tensor probe = zeros(1);
            return null;
        }
        catch (Exception failure) when (failure is DllNotFoundException or TypeInitializationException or NotSupportedException or BadImageFormatException)
        {
            return "TorchSharp could not be loaded: " + Reason(failure);
        }
    }

    /// <summary>Six convolutions with normalisation and ReLU, pooling, a linear layer.</summary>
    public static TorchPeer Cnn6(int batch)
    {
        List<(string, nn.Module<Tensor, Tensor>)> layers = [];
        int inChannels = 3;
        foreach ((int outChannels, int stride) in TrainingShapes.Cnn6)
        {
            AddConvolution(layers, inChannels, outChannels, stride);
            layers.Add(("relu" + layers.Count, nn.ReLU()));
            inChannels = outChannels;
        }

        layers.Add(("pool", nn.AdaptiveAvgPool2d(1)));
        layers.Add(("flatten", nn.Flatten()));
        layers.Add(("linear", nn.Linear(inChannels, 10)));
        return new TorchPeer(nn.Sequential(layers), randn(batch, 3, 32, 32), 10);
    }

    /// <summary>The residual network of 20 layers for 32 × 32 images.</summary>
    public static TorchPeer ResNet20(int batch)
    {
        List<(string, nn.Module<Tensor, Tensor>)> layers = [];
        AddConvolution(layers, 3, TrainingShapes.ResNet20Channels[0], 1);
        layers.Add(("relu", nn.ReLU()));
        int inChannels = TrainingShapes.ResNet20Channels[0];
        for (int group = 0; group < TrainingShapes.ResNet20Channels.Length; group++)
        {
            int outChannels = TrainingShapes.ResNet20Channels[group];
            for (int block = 0; block < TrainingShapes.ResNet20Blocks; block++)
            {
                int stride = group > 0 && block == 0 ? 2 : 1;
                layers.Add(($"block{group}_{block}", new TorchResidualBlock(inChannels, outChannels, stride)));
                inChannels = outChannels;
            }
        }

        layers.Add(("pool", nn.AdaptiveAvgPool2d(1)));
        layers.Add(("flatten", nn.Flatten()));
        layers.Add(("linear", nn.Linear(inChannels, 10)));
        return new TorchPeer(nn.Sequential(layers), randn(batch, 3, 32, 32), 10);
    }

    /// <summary>Linear layers with ReLU between them.</summary>
    public static TorchPeer Perceptron(int batch)
    {
        List<(string, nn.Module<Tensor, Tensor>)> layers = [];
        ReadOnlySpan<int> sizes = TrainingShapes.Perceptron;
        for (int i = 0; i + 1 < sizes.Length; i++)
        {
            layers.Add(("linear" + i, nn.Linear(sizes[i], sizes[i + 1])));
            if (i + 2 < sizes.Length)
            {
                layers.Add(("relu" + i, nn.ReLU()));
            }
        }

        return new TorchPeer(nn.Sequential(layers), randn(batch, sizes[0]), sizes[^1]);
    }

    public void Step()
    {
        using IDisposable scope = NewDisposeScope();
        _optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(_network.forward(_input), _labels);
        loss.backward();
        _optimizer.step();
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
        _input.Dispose();
        _labels.Dispose();
    }

    // TorchSharp tells the whole story of its search, which is pages long. What helps is the loader's own line, if there is one.
    private static string Reason(Exception failure)
    {
        string[] lines = failure.GetBaseException().Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string? loader = Array.Find(lines, line => line.Contains("GLIBC", StringComparison.Ordinal) || line.Contains("cannot open", StringComparison.Ordinal));
        string reason = loader ?? (lines.Length == 0 ? failure.GetType().Name : lines[0]);
        return reason.Length <= MaximumReason ? reason : reason[..MaximumReason] + "…";
    }

    private static void AddConvolution(List<(string, nn.Module<Tensor, Tensor>)> layers, int inChannels, int outChannels, int stride)
    {
        layers.Add(("conv" + layers.Count, nn.Conv2d(inChannels, outChannels, 3, stride: stride, padding: 1, bias: false)));
        layers.Add(("norm" + layers.Count, nn.BatchNorm2d(outChannels)));
    }
}
