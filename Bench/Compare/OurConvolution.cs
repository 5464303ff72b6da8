using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>
/// One convolution layer of ours with its operands: weights packed once, one thread. Direct sums run by the kernel, what the operator may choose from
/// runs by the operator.
/// </summary>
internal sealed class OurConvolution
{
    private readonly ConvolutionGeometry _geometry;
    private readonly int _batch;
    private readonly Tensor _input;
    private readonly Tensor _output;
    private readonly Tensor _packed;
    private readonly Tensor _scratch;
    private readonly Context _context = new();
    private readonly PackedWeight _weight;
    private readonly Tensor _maps;
    private readonly int[] _inChannels;
    private readonly int[] _outChannels;
    private readonly int[] _indices;

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

        // Tensors, as an operator has them: aligned to lines of the cache, which arrays are not.
        _input = Tensor.Zeros(new Shape(Input.Length));
        Input.CopyTo(_input.Span);
        _output = Tensor.Zeros(new Shape(_batch * _geometry.OutPixels * _geometry.OutChannels));
        if (_geometry.IsDepthwise)
        {
            _packed = Tensor.Zeros(new Shape(DepthwiseConvolution.PackedElements(in _geometry)));
            DepthwiseConvolution.Pack(in _geometry, Weights, _packed.Span);
            _indices = new int[DepthwiseConvolution.ScratchIndices(in _geometry)];
            _scratch = Tensor.Zeros(new Shape(0));
        }
        else
        {
            _packed = Tensor.Zeros(new Shape(ConvolutionWeights.PackedLength(in _geometry)));
            ConvolutionWeights.Pack(in _geometry, Weights, _packed.Span);
            _indices = [];
            _scratch = Tensor.Zeros(new Shape(IndirectConvolution.ScratchLength(in _geometry, listsChannels: true)));
        }

        _weight = PackedWeight.ForConvolution(in _geometry, Weights);
        _maps = _input.Reshape(new Shape(_batch, _geometry.InHeight, _geometry.InWidth, _geometry.InChannels));
        IsDirect = WinogradWork.Choose(_context, in _geometry, default) is null;
        _inChannels = new int[_geometry.InChannels];
        _outChannels = new int[_geometry.OutChannels];
    }

    public ConvolutionGeometry Geometry => _geometry;

    public float[] Weights { get; }

    public float[] Input { get; }

    /// <summary>Whether direct sums are the fastest for the whole layer.</summary>
    public bool IsDirect { get; }

    public void Dense()
    {
        ConvolutionSelection all = default;
        Epilogue none = default;
        for (int sample = 0; sample < _batch; sample++)
        {
            Run(sample, in all, in none);
        }
    }

    /// <summary>The whole layer in the arithmetic that is the fastest.</summary>
    public void Fastest()
    {
        if (IsDirect)
        {
            Dense();
            return;
        }

        using WorkspaceScope scope = _context.Workspace.Enter();
        _context.Conv2dFused(_maps, _weight, in _geometry, default);
    }

    /// <summary>Lists the active pixels and computes them in the arithmetic that is the fastest: the building of the list is part of the time.</summary>
    public void Masked(bool[] mask)
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Selection pixels = _context.Workspace.SelectMask(1, _geometry.OutPixels, mask);
        _context.Conv2dFused(_maps, _weight, in _geometry, default, new Conv2dSelection { Pixels = pixels, CompactPixels = true });
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
        ReadOnlySpan<float> input = _input.Span.Slice(sample * inLength, inLength);
        Span<float> output = _output.Span.Slice(sample * outLength, outLength);
        if (_geometry.IsDepthwise)
        {
            int count = selection.Pixels.Count(_geometry.OutPixels);
            DepthwiseConvolution.Forward(in _geometry, input, _packed.Span, selection.Pixels, 0, count, output, in epilogue, _indices);
            return;
        }

        IndirectConvolution.Forward(in _geometry, input, _packed.Span, output, in selection, in epilogue, _scratch.Span);
    }
}
