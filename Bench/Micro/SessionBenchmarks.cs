using BenchmarkDotNet.Attributes;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Bench.Micro;

/// <summary>One prediction of a small MSDNet, stopped at each exit: time should follow MACs. Nothing is allocated.</summary>
[MemoryDiagnoser]
public class SessionBenchmarks
{
    private Session? _session;
    private float[] _input = [];
    private float[] _scores = [];
    private Budget _budget;

    [Params(0, 1, 2, 3)]
    public int Exit { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        MsdNet network = new(new MsdNetOptions { StemStride = 2 });
        network.Initialize(new RandomSource(1));
        Model model = new(network);
        _session = new Session(model);
        _input = new float[model.SampleShape.Count];
        new RandomSource(2).Stream("input").FillNormal(_input, 0, 0);
        _scores = new float[model.ClassCount];
        _budget = Budget.Macs(model.ExitMacs(Exit));
    }

    [Benchmark]
    public Prediction Predict() => _session!.Predict(_input, _scores, _budget);
}
