using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Gating;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The sum of what several experts gave for some rows of a batch each: y[n] = b[n] + Σ_e w[n, e]·x_e[place of n among e's rows], over the experts that have
/// row n, in the order in which they are added; so a row's bits depend on its own experts alone. Differentiable in x, w and b.
/// </summary>
/// <remarks>An expert's output may be given back to the workspace once it is added, unless a tape records.</remarks>
public ref struct MixtureSum
{
    private readonly Context _context;
    private readonly Tensor _weights;
    private readonly Tensor _background;
    private readonly Tensor _sum;
    private List<Part>? _parts;
    private bool _records;

    /// <summary>Starts a sum.</summary>
    /// <param name="context">The context.</param>
    /// <param name="weights">w, [N, experts].</param>
    /// <param name="shape">The sum's shape, [N, …].</param>
    /// <param name="background">b, of that shape; none: zeros.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public MixtureSum(Context context, Tensor weights, Shape shape, Tensor background = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (weights.Shape.Rank != 2 || shape.Rank == 0 || weights.Shape[0] != shape[0])
        {
            throw new ArgumentException($"The weights of a mixture have shape {weights.Shape}; expected [{(shape.Rank == 0 ? 0 : shape[0])}, experts].", nameof(weights));
        }

        if (background.Exists && background.Shape != shape)
        {
            throw new ArgumentException($"The background has shape {background.Shape}; expected {shape}.", nameof(background));
        }

        _context = context;
        _weights = weights;
        _background = background;
        _sum = background.Exists ? context.Workspace.RentCopy(shape, background.Span) : context.Workspace.RentZeros(shape);
        _records = context.Records(weights) || context.Records(background);
    }

    /// <summary>Adds what an expert gave.</summary>
    /// <param name="part">x_e, [rows of the expert, …].</param>
    /// <param name="rows">The expert's rows: one row of the selection, over N; all: every row.</param>
    /// <param name="expert">e, the column of the weights.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public void Add(Tensor part, Selection rows, int expert)
    {
        int count = rows.IsAll ? _sum.Shape[0] : rows.Count;
        if (part.Shape != _sum.Shape.With(0, count) || (!rows.IsAll && (rows.Rows != 1 || rows.Universe != _sum.Shape[0])))
        {
            throw new ArgumentException($"An expert gave shape {part.Shape} for rows {rows}; expected {_sum.Shape.With(0, count)} and one row over {_sum.Shape[0]}.", nameof(part));
        }

        if ((uint)expert >= (uint)_weights.Shape[1])
        {
            throw new ArgumentOutOfRangeException(nameof(expert), expert, $"Expert {expert} was added to a mixture of {_weights.Shape[1]}.");
        }

        int perPart = Math.Max(1, ElementParts.Length / Math.Max(1, _sum.Shape.ProductFrom(1)));
        _context.Workers.Run((count + perPart - 1) / perPart, new AddWork(part, rows, _weights, expert, _sum, perPart));
        if (_context.Tape is not null)
        {
            _parts ??= [];
            _parts.Add(new Part(part, rows, expert));
            _records |= _context.Records(part);
        }
    }

    /// <summary>The sum, of which nothing is added any more.</summary>
    public readonly Tensor Finish()
    {
        if (_records && _context.Tape is { } tape)
        {
            tape.Record(new Entry(_context, _parts?.ToArray() ?? [], _weights, _background, _sum));
        }

        return _sum;
    }

    private static int RowOf(Selection rows, int place) => rows.IsAll ? place : rows.Indices[place];

    private readonly record struct Part(Tensor Values, Selection Rows, int Expert);

    private readonly struct AddWork(Tensor part, Selection rows, Tensor weights, int expert, Tensor sum, int perPart) : IParallelWork
    {
        public void Execute(int piece)
        {
            int width = sum.Shape.ProductFrom(1);
            int experts = weights.Shape[1];
            int first = piece * perPart;
            int end = Math.Min(part.Shape[0], first + perPart);
            ReadOnlySpan<int> places = rows.IsAll ? default : rows.Indices;
            ReadOnlySpan<float> factors = weights.Span;
            ReadOnlySpan<float> values = part.Span;
            Span<float> sums = sum.Span;
            for (int place = first; place < end; place++)
            {
                int row = rows.IsAll ? place : places[place];
                MixtureKernel.Add(factors[(row * experts) + expert], values.Slice(place * width, width), sums.Slice(row * width, width));
            }
        }
    }

    private readonly struct WeightWork(Part part, Tensor gradient, Tensor target) : IParallelWork
    {
        public void Execute(int place)
        {
            int row = RowOf(part.Rows, place);
            int width = gradient.Shape.ProductFrom(1);
            target.Span[(row * target.Shape[1]) + part.Expert] +=
                MixtureKernel.WeightGradient(gradient.Span.Slice(row * width, width), part.Values.Span.Slice(place * width, width));
        }
    }

    private readonly struct PartWork(Part part, Tensor weights, Tensor gradient, Tensor target, bool accumulate) : IParallelWork
    {
        public void Execute(int place)
        {
            int row = RowOf(part.Rows, place);
            int width = gradient.Shape.ProductFrom(1);
            float weight = weights.Span[(row * weights.Shape[1]) + part.Expert];
            BlendKernel.Backward(weight, gradient.Span.Slice(row * width, width), target.Span.Slice(place * width, width), accumulate);
        }
    }

    private readonly struct BackgroundWork(Tensor gradient, Tensor target, bool accumulate) : IParallelWork
    {
        public void Execute(int row)
        {
            int width = gradient.Shape.ProductFrom(1);
            BlendKernel.Backward(1, gradient.Span.Slice(row * width, width), target.Span.Slice(row * width, width), accumulate);
        }
    }

    private sealed class Entry(Context context, Part[] parts, Tensor weights, Tensor background, Tensor sum) : TapeEntry(sum)
    {
        private readonly Tensor _sum = sum;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_sum);
            if (Gradients.Flows(background))
            {
                Tensor target = gradients.Into(background, out bool accumulate);
                context.Workers.Run(_sum.Shape[0], new BackgroundWork(gradient, target, accumulate));
            }

            if (Gradients.Flows(weights))
            {
                Tensor target = gradients.Into(weights, out bool accumulate);
                if (!accumulate)
                {
                    target.Span.Clear();
                }

                foreach (Part part in parts)
                {
                    context.Workers.Run(part.Values.Shape[0], new WeightWork(part, gradient, target));
                }
            }

            foreach (Part part in parts)
            {
                if (Gradients.Flows(part.Values))
                {
                    Tensor target = gradients.Into(part.Values, out bool accumulate);
                    context.Workers.Run(part.Values.Shape[0], new PartWork(part, weights, gradient, target, accumulate));
                }
            }
        }
    }
}
