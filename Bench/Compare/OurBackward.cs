using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Compare;

/// <summary>The gradient of one convolution layer with respect to its input or its weight, one thread, as the tape asks the operator for it.</summary>
internal sealed class OurBackward
{
    private readonly ConvolutionGeometry _geometry;
    private readonly int _batch;
    private readonly Tensor _input;
    private readonly Tensor _weight;
    private readonly Tensor _output;
    private readonly Context _fast = new();
    private readonly Context _exact = new() { Accuracy = Accuracy.Exact };

    /// <summary>Makes the operands.</summary>
    /// <param name="row">Its parameters; "gradient" says of what: input, else weight.</param>
    public OurBackward(BenchRow row)
    {
        int kernel = row.Integer("kernel");
        int pad = row.Integer("pad", kernel / 2);
        int stride = row.Integer("stride", 1);
        _batch = row.Integer("batch", 1);
        _geometry = new ConvolutionGeometry(
            row.Integer("in"), row.Integer("out"), kernel, kernel, row.Integer("height"), row.Integer("width"), stride, stride, pad, pad, pad, pad,
            groups: row.Integer("groups", 1));
        _input = Values(new Shape(_batch, _geometry.InHeight, _geometry.InWidth, _geometry.InChannels), 1);
        _weight = Values(new Shape(_geometry.OutChannels, _geometry.InChannelsPerGroup, kernel, kernel), 2);
        _output = Values(new Shape(_batch, _geometry.OutHeight, _geometry.OutWidth, _geometry.OutChannels), 3);
        Tape.Watch(row.Text("gradient", "input") == "input" ? _input : _weight);
        Tensor gradient = new Gradients(_fast.Workspace).Of(_output);
        Numbers.Random(gradient.Count, 4).AsSpan().CopyTo(gradient.Span);
    }

    public ConvolutionGeometry Geometry => _geometry;

    public int Batch => _batch;

    /// <summary>The gradient of the whole layer by direct sums.</summary>
    public void Dense() => Run(_exact, default);

    /// <summary>The gradient of the whole layer in the arithmetic that is the fastest.</summary>
    public void Fastest() => Run(_fast, default);

    /// <summary>The gradient of a layer that has computed some pixels only.</summary>
    public void Masked(bool[] mask)
    {
        using WorkspaceScope scope = _fast.Workspace.Enter();
        Run(_fast, new Conv2dSelection { Pixels = _fast.Workspace.SelectMask(_batch, _geometry.OutPixels, mask) });
    }

    /// <summary>The gradient of a layer that has computed some channels from some channels.</summary>
    public void Channels(int[] inChannels, int[] outChannels)
    {
        using WorkspaceScope scope = _fast.Workspace.Enter();
        Run(_fast, new Conv2dSelection
        {
            InChannels = _fast.Workspace.Select(_geometry.InChannels, inChannels),
            OutChannels = _fast.Workspace.Select(_geometry.OutChannels, outChannels),
        });
    }

    private static Tensor Values(Shape shape, int seed) => Tensor.From(shape, Numbers.Random(shape.Count, seed));

    private void Run(Context context, in Conv2dSelection selection)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        _input.Storage.ClearGradient();
        _weight.Storage.ClearGradient();
        new Convolution2dEntry(context, _input, _weight, default, _output, in _geometry, _batch, in selection).Backward(new Gradients(context.Workspace));
    }
}
