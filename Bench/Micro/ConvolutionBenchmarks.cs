using System;
using BenchmarkDotNet.Attributes;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Bench.Micro;

/// <summary>One 3×3 convolution, dense and with a share of its pixels, one thread.</summary>
public class ConvolutionBenchmarks
{
    private ConvolutionGeometry _geometry;
    private float[] _input = [];
    private float[] _packed = [];
    private float[] _output = [];
    private float[] _scratch = [];
    private int[] _pixels = [];

    [Params(32, 64, 128)]
    public int Channels { get; set; }

    [Params(100, 50, 10)]
    public int KeptPercent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        const int Size = 28;
        _geometry = new ConvolutionGeometry(Channels, Channels, 3, 3, Size, Size, padTop: 1, padLeft: 1, padBottom: 1, padRight: 1);
        Random random = new(1);
        float[] weights = Fill(random, Channels * Channels * _geometry.Taps);
        _input = Fill(random, _geometry.InPixels * Channels);
        _packed = new float[ConvolutionWeights.PackedLength(in _geometry)];
        ConvolutionWeights.Pack(in _geometry, weights, _packed);
        _output = new float[_geometry.OutPixels * Channels];
        _scratch = new float[IndirectConvolution.ScratchLength(in _geometry, listsChannels: false)];
        _pixels = Array.FindAll(Indices(_geometry.OutPixels), _ => random.Next(100) < KeptPercent);
    }

    [Benchmark]
    public void Forward()
    {
        ConvolutionSelection selection = KeptPercent == 100 ? default : new() { Pixels = ActiveList.Of(_pixels) };
        Epilogue none = default;
        IndirectConvolution.Forward(in _geometry, _input, _packed, _output, in selection, in none, _scratch);
    }

    private static float[] Fill(Random random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        return values;
    }

    private static int[] Indices(int count)
    {
        int[] indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            indices[i] = i;
        }

        return indices;
    }
}
