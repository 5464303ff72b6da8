using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Layout;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// Linear layers whose weight [outputs, inputs] is large beside a batch of few rows: the weight is not packed but read, or its gradient
/// written, row by row where it lies, and the rows of the batch are what is turned around. The sums are the same, bit for bit.
/// </summary>
internal struct FewRowsWork : IParallelWork
{
    private const long MacsPerPart = 1L << 16;
    private const int PartsPerThread = 4;

    private MultiplyShape _shape;
    private Tensor _left;
    private Tensor _packed;
    private Tensor _output;
    private bool _accumulates;
    private Tensor _scratch;
    private int _parts;

    /// <summary>Whether turning the batch around costs clearly less than packing the weight.</summary>
    /// <param name="geometry">A convolution that sees one pixel at a time, without groups.</param>
    /// <param name="rows">Rows of the batch.</param>
    public static bool Pays(in ConvolutionGeometry geometry, int rows) =>
        2L * rows * (geometry.InChannels + geometry.OutChannels) <= (long)geometry.InChannels * geometry.OutChannels;

    /// <summary>output[n, o] = bias[o] + Σ over i of input[n, i] · weight[o, i], computed transposed.</summary>
    public static void Forward(Context context, in ConvolutionGeometry geometry, int rows, Tensor input, Tensor weight, Tensor bias, Tensor output)
    {
        (int inputs, int outputs) = (geometry.InChannels, geometry.OutChannels);
        Tensor packed = context.Workspace.Rent(new Shape(Panel.Length(inputs, rows)));
        Panel.PackTransposed(input.Span, inputs, rows, packed.Span);
        Tensor product = context.Workspace.Rent(new Shape(outputs, rows));
        Run(context, new MultiplyShape(outputs, inputs, rows), weight, packed, product, accumulate: false);
        Transposition.Run(product.Span, outputs, rows, output.Span);
        if (bias.Exists)
        {
            Span<float> values = output.Span;
            for (int row = 0; row < rows; row++)
            {
                Span<float> own = values.Slice(row * outputs, outputs);
                System.Numerics.Tensors.TensorPrimitives.Add(own, bias.Span, own);
            }
        }

        context.Workspace.Recycle(packed.Storage);
        context.Workspace.Recycle(product.Storage);
    }

    /// <summary>weightGradient[o, i] = Σ over rows n, ascending, of gradient[n, o] · input[n, i].</summary>
    public static void WeightGradient(
        Context context, in ConvolutionGeometry geometry, int rows, Tensor input, Tensor gradient, Tensor weightGradient, bool accumulate)
    {
        (int inputs, int outputs) = (geometry.InChannels, geometry.OutChannels);
        Tensor turned = context.Workspace.Rent(new Shape(outputs, rows));
        Transposition.Run(gradient.Span, rows, outputs, turned.Span);
        Tensor packed = context.Workspace.Rent(new Shape(Panel.Length(rows, inputs)));
        Panel.Pack(input.Span, rows, inputs, packed.Span);
        Run(context, new MultiplyShape(outputs, rows, inputs), turned, packed, weightGradient, accumulate);
        context.Workspace.Recycle(turned.Storage);
        context.Workspace.Recycle(packed.Storage);
    }

    /// <inheritdoc/>
    public readonly void Execute(int part)
    {
        Range rows = new((int)((long)_shape.Rows * part / _parts), (int)((long)_shape.Rows * (part + 1) / _parts));
        Epilogue epilogue = new() { Residual = _accumulates ? _output.Span : default };
        PackedMultiply.Multiply(
            in _shape, _left.Span, _packed.Span, _output.Span, in epilogue,
            _scratch.Span.Slice(part * PackedMultiply.ScratchLength, PackedMultiply.ScratchLength), rows, Range.All);
    }

    private static void Run(Context context, in MultiplyShape shape, Tensor left, Tensor packed, Tensor output, bool accumulate)
    {
        FewRowsWork work = default;
        work._shape = shape;
        work._left = left;
        work._packed = packed;
        work._output = output;
        work._accumulates = accumulate;
        int most = context.Workers.Threads == 1 ? 1 : context.Workers.Threads * PartsPerThread;
        work._parts = (int)Math.Clamp(shape.Macs / MacsPerPart, 1, Math.Min(most, Math.Max(1, shape.Rows)));
        work._scratch = context.Workspace.Rent(new Shape(work._parts, PackedMultiply.ScratchLength));
        context.Workers.Run(work._parts, in work);
        context.Workspace.Recycle(work._scratch.Storage);
    }
}
