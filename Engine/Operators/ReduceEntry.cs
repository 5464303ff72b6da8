using System;
using System.Numerics;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The backward pass of a sum: dx = factor · dy, or of squares: dx = factor · (x − middle) · dy, spread over the dimensions summed.</summary>
internal sealed class ReduceEntry : TapeEntry
{
    private readonly Context _context;
    private readonly Tensor _input;
    private readonly AxisRange _range;
    private readonly float _factor;
    private readonly Tensor _middle;
    private readonly bool _isSquare;
    private readonly Tensor _output;

    public ReduceEntry(Context context, Tensor input, AxisRange range, float factor, Tensor middle, bool isSquare, Tensor output)
        : base(output)
    {
        _context = context;
        _input = input;
        _range = range;
        _factor = factor;
        _middle = middle;
        _isSquare = isSquare;
        _output = output;
    }

    public override void Backward(Gradients gradients)
    {
        Tensor gradient = gradients.Of(_output);
        Tensor target = gradients.Into(_input, out bool accumulate);
        RowChunks chunks = new(_range.Outer * _range.Length, _range.Inner);
        _context.Workers.Run(
            chunks.Count, new SpreadWork(_input, _range, _factor, _middle, _isSquare, gradient, target, accumulate, chunks));
    }

    private readonly struct SpreadWork(
        Tensor input, AxisRange range, float factor, Tensor middle, bool isSquare, Tensor gradient, Tensor target, bool accumulate, RowChunks chunks)
        : IParallelWork
    {
        public void Execute(int part)
        {
            int inner = range.Inner;
            for (int row = chunks.From(part); row < chunks.To(part);)
            {
                int o = row / range.Length;
                int end = Math.Min(chunks.To(part), (o + 1) * range.Length);
                if (inner == 1)
                {
                    float center = middle.Exists ? middle.Span[o] : 0f;
                    Shared(row, end, gradient.Span[o] * factor, center);
                    row = end;
                    continue;
                }

                for (; row < end; row++)
                {
                    Columns(row * inner, o * inner, inner);
                }
            }
        }

        private void Shared(int from, int to, float upstream, float center)
        {
            ReadOnlySpan<float> x = input.Span[from..to];
            Span<float> place = target.Span[from..to];
            for (int i = 0; i < place.Length; i++)
            {
                float value = isSquare ? upstream * (x[i] - center) : upstream;
                place[i] = accumulate ? place[i] + value : value;
            }
        }

        private void Columns(int at, int column, int inner)
        {
            ReadOnlySpan<float> x = input.Span.Slice(at, inner);
            ReadOnlySpan<float> upstream = gradient.Span.Slice(column, inner);
            ReadOnlySpan<float> center = middle.Exists ? middle.Span.Slice(column, inner) : default;
            Span<float> place = target.Span.Slice(at, inner);
            Vector<float> scale = new(factor);
            for (int i = 0; i < inner; i += Vector<float>.Count)
            {
                int count = Math.Min(Vector<float>.Count, inner - i);
                Vector<float> value = PartialVector.Load(upstream, i, count) * scale;
                if (isSquare)
                {
                    Vector<float> d = PartialVector.Load(x, i, count);
                    value *= center.IsEmpty ? d : d - PartialVector.Load(center, i, count);
                }

                value = accumulate ? value + PartialVector.Load(place, i, count) : value;
                PartialVector.Store(value, place.Slice(i, count));
            }
        }
    }
}
