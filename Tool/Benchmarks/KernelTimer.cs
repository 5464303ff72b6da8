using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.CommandLine;

namespace ManagedDyn.Tool.Benchmarks;

/// <summary>Measures the engine's kernels at usual shapes on random numbers: what this machine and this build give, whatever the model.</summary>
public sealed class KernelTimer(Workers workers, ToolContext tool)
{
    private const int LeastTurns = 5;
    private const int MostTurns = 100_000;

    private readonly Context _context = new(workers);
    private readonly RandomStream _random = new RandomSource(1).Stream("bench");
    private readonly List<(string Name, long Macs, Action Run)> _kernels = [];
    private int _tensors;

    /// <summary>Measures all kernels, about some seconds each; medians.</summary>
    public List<KernelTiming> Measure(double seconds)
    {
        AddConvolutions();
        AddMatrices();
        AddOthers();
        List<KernelTiming> timings = [];
        foreach ((string name, long macs, Action run) in _kernels)
        {
            timings.Add(new KernelTiming(name, macs, Time(run, seconds)));
        }

        return timings;
    }

    private void AddConvolutions()
    {
        AddConvolution(64, 64, 3, 56, 1, 1, Accuracy.Fast);
        AddConvolution(64, 64, 3, 56, 1, 1, Accuracy.Exact);
        AddConvolution(256, 256, 3, 14, 1, 1, Accuracy.Fast);
        AddConvolution(256, 256, 3, 14, 1, 1, Accuracy.Exact);
        AddConvolution(16, 16, 3, 32, 1, 1, Accuracy.Fast);
        AddConvolution(128, 128, 3, 56, 2, 1, Accuracy.Exact);
        AddConvolution(3, 32, 3, 224, 2, 1, Accuracy.Exact);
        AddConvolution(64, 256, 1, 56, 1, 1, Accuracy.Exact);
        AddConvolution(256, 1024, 1, 14, 1, 1, Accuracy.Exact);
        AddConvolution(144, 144, 3, 56, 1, 144, Accuracy.Exact);
        AddConvolution(240, 240, 5, 28, 1, 240, Accuracy.Exact);
        AddConvolution(64, 64, 3, 56, 1, 1, Accuracy.Fast, keep: 0.5f);
        AddConvolution(64, 64, 3, 56, 1, 1, Accuracy.Exact, keep: 0.1f);
    }

    private void AddConvolution(int inChannels, int outChannels, int kernel, int size, int stride, int groups, Accuracy accuracy, float keep = 1)
    {
        int pad = kernel / 2;
        ConvolutionGeometry geometry = new(inChannels, outChannels, kernel, kernel, size, size, stride, stride, pad, pad, pad, pad, groups: groups);
        Tensor input = Random(1, size, size, inChannels);
        PackedWeight weight = PackedWeight.ForConvolution(in geometry, Random(geometry.WeightElements).Span);
        FusedSteps steps = new() { Shift = Random(outChannels), Activation = Activation.Relu };
        List<int> pixels = [];
        for (int pixel = 0; pixel < geometry.OutPixels && keep < 1; pixel++)
        {
            if (_random.Uniform(1, 0, pixel) < keep)
            {
                pixels.Add(pixel);
            }
        }

        int[] listed = pixels.ToArray();
        long macs = geometry.MacsPerPixel * (keep < 1 ? listed.Length : geometry.OutPixels);
        string kind = groups == 1 ? "convolution" : "depthwise";
        string name = string.Create(
            CultureInfo.InvariantCulture,
            $"{kind} {inChannels}→{outChannels}, {kernel}×{kernel}{(stride > 1 ? $" / {stride}" : string.Empty)}, {size}×{size}, {(accuracy == Accuracy.Fast ? "fast" : "exact")}{(keep < 1 ? $", {keep:P0} of the pixels" : string.Empty)}");
        Add(name, macs, () =>
        {
            _context.Accuracy = accuracy;
            Conv2dSelection selection = keep < 1
                ? new Conv2dSelection { Pixels = _context.Workspace.Select(geometry.OutPixels, listed), CompactPixels = true }
                : default;
            _context.Conv2dFused(input, weight, in geometry, in steps, in selection);
        });
    }

    private void AddMatrices()
    {
        foreach ((int rows, int columns, int depth) in new[] { (64, 64, 64), (256, 256, 256), (512, 512, 512), (1, 1000, 2048), (197, 768, 768) })
        {
            Tensor left = Random(rows, depth);
            PackedWeight right = PackedWeight.ForLinear(depth, columns, Random(depth * columns).Span);
            string name = string.Create(CultureInfo.InvariantCulture, $"linear {rows}×{depth} by {depth}×{columns}");
            Add(name, (long)rows * columns * depth, () =>
            {
                _context.LinearFused(left, right, default);
            });
        }

        Tensor query = Random(8, 128, 64);
        Tensor keys = Random(8, 128, 64);
        Add("product of 8 × 128×64 by 64×128", 8L * 128 * 128 * 64, () =>
        {
            _context.MatMul(query, keys, transposesRight: true);
        });
    }

    private void AddOthers()
    {
        Tensor maps = Random(1, 56, 56, 64);
        Tensor scores = Random(512, 128);
        Add("max pooling 3×3 / 2, 64 channels, 56×56", () => _context.MaxPool2d(maps, 3, 2, 1));
        Add("global average pooling, 64 channels, 56×56", () => _context.GlobalAveragePool(maps));
        Add("softmax, 512 × 128", () => _context.Softmax(scores));
        Add("layer normalisation, 512 × 128", () => _context.LayerNorm(scores));
        Add("sigmoid, 56×56×64", () => _context.Sigmoid(maps));
        Add("sum of two maps, 56×56×64", () => _context.Add(maps, maps));
    }

    private void Add(string name, Action run) => Add(name, 0, run);

    private void Add(string name, long macs, Action run) => _kernels.Add((name, macs, run));

    private double Time(Action run, double seconds)
    {
        // Until the runtime has made its best code of it, which it does aside, and then as many calls a turn as a clock can tell apart.
        double warm = seconds < 0.02 ? 0 : 0.4;
        long started = Stopwatch.GetTimestamp();
        int calls = 0;
        while (calls < 40 || Stopwatch.GetElapsedTime(started).TotalSeconds < warm)
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            Call(run);
            calls++;
        }

        double once = Stopwatch.GetElapsedTime(started).TotalSeconds / calls;
        int each = Math.Max(1, (int)(0.002 / once));
        List<double> times = [];
        started = Stopwatch.GetTimestamp();
        while (times.Count < LeastTurns || (times.Count < MostTurns && Stopwatch.GetElapsedTime(started).TotalSeconds < seconds))
        {
            tool.Cancellation.ThrowIfCancellationRequested();
            long before = Stopwatch.GetTimestamp();
            for (int i = 0; i < each; i++)
            {
                Call(run);
            }

            times.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds / each);
        }

        times.Sort();
        return times[times.Count / 2];
    }

    private void Call(Action run)
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        run();
    }

    private Tensor Random(params ReadOnlySpan<int> extents)
    {
        Tensor tensor = Tensor.Zeros(new Shape(extents));
        int stream = 2 + _tensors++;
        for (int i = 0; i < tensor.Count; i++)
        {
            tensor.Span[i] = _random.Uniform(stream, 0, i) - 0.5f;
        }

        return tensor;
    }
}
