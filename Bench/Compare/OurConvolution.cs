using System;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;

namespace ManagedDyn.Bench.Compare;

/// <summary>One convolution layer of ours with its operands: weights packed once, one thread.</summary>
internal sealed class OurConvolution
{
    private readonly ConvolutionGeometry _geometry;
    private readonly int _batch;
    private readonly float[] _packed;
    private readonly float[] _scratch;
    private readonly int[] _pixels;
    private readonly int[] _inChannels;
    private readonly int[] _outChannels;

    public OurConvolution(BenchRow row)
    {
        int kernel = row.Integer("kernel");
        int pad = row.Integer("pad", kernel / 2);
        int stride = row.Integer("stride", 1);
        _batch = row.Integer("batch", 1);
        _geometry = new ConvolutionGeometry(
            row.Integer("in"), row.Integer("out"), kernel, kernel, row.Integer("height"), row.Integer("width"),
            stride, stride, pad, pad, pad, pad, groups: row.Integer("groups", 1));
        Weights = Numbers.Random(_geometry.OutChannels * _geometry.InChannelsPerGroup * _geometry.Taps, 1);
        Input = Numbers.Random(_batch * _geometry.InPixels * _geometry.InChannels, 2);
        Output = new float[_batch * _geometry.OutPixels * _geometry.OutChannels];
        _packed = new float[ConvolutionWeights.PackedLength(in _geometry)];
        ConvolutionWeights.Pack(in _geometry, Weights, _packed);
        _scratch = new float[IndirectConvolution.ScratchLength(in _geometry, listsOutChannels: true)];
        _pixels = new int[_geometry.OutPixels];
        _inChannels = new int[_geometry.InChannels];
        _outChannels = new int[_geometry.OutChannels];
    }

    public ConvolutionGeometry Geometry => _geometry;

    public float[] Weights { get; }

    public float[] Input { get; }

    public float[] Output { get; }

    public void Dense()
    {
        ConvolutionSelection all = default;
        Epilogue none = default;
        for (int sample = 0; sample < _batch; sample++)
        {
            Run(sample, in all, in none);
        }
    }

    /// <summary>Lists the active pixels and computes them: the building of the list is part of the time.</summary>
    public void Masked(bool[] mask)
    {
        int count = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            _pixels[count] = i;
            count += mask[i] ? 1 : 0;
        }

        ConvolutionSelection selection = new() { Pixels = ActiveList.Of(_pixels.AsSpan(0, count)) };
        Epilogue none = default;
        Run(0, in selection, in none);
    }

    public void Channels(ReadOnlySpan<int> inChannels, ReadOnlySpan<int> outChannels)
    {
        inChannels.CopyTo(_inChannels);
        outChannels.CopyTo(_outChannels);
        ConvolutionSelection selection = new()
        {
            InChannels = ActiveList.Of(_inChannels.AsSpan(0, inChannels.Length)),
            OutChannels = ActiveList.Of(_outChannels.AsSpan(0, outChannels.Length)),
        };
        Epilogue none = default;
        Run(0, in selection, in none);
    }

    private void Run(int sample, in ConvolutionSelection selection, in Epilogue epilogue)
    {
        int inLength = _geometry.InPixels * _geometry.InChannels;
        int outLength = _geometry.OutPixels * _geometry.OutChannels;
        IndirectConvolution.Forward(
            in _geometry, Input.AsSpan(sample * inLength, inLength), _packed, Output.AsSpan(sample * outLength, outLength), in selection, in epilogue, _scratch);
    }
}
