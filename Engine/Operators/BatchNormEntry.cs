using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Kernels.Reduction;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The backward pass of a batch normalisation. With r = 1 / √(variance + ε), n active rows and sums over all rows: dβ = Σ g,
/// dγ = r Σ g (x − mean), dx = γ r g, and for active rows also − γ r (Σ g + r² (x − mean) Σ g (x − mean)) / n.
/// </summary>
internal sealed class BatchNormEntry : TapeEntry
{
    private readonly Context _context;
    private readonly Tensor _input;
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly Tensor _statistics;
    private readonly Tensor _output;
    private readonly float _epsilon;
    private readonly Activation _activation;
    private readonly int _count;
    private readonly Storage<int>? _rows;

    /// <summary>Makes an entry.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x.</param>
    /// <param name="weight">γ, or none.</param>
    /// <param name="bias">β, or none.</param>
    /// <param name="statistics">Mean, variance, scale and shift, [4, C].</param>
    /// <param name="output">y.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="activation">What followed.</param>
    /// <param name="count">n; 0: the statistics were given and depend on nothing.</param>
    /// <param name="rows">The active rows; none: all.</param>
    public BatchNormEntry(
        Context context, Tensor input, Tensor weight, Tensor bias, Tensor statistics, Tensor output, float epsilon, Activation activation,
        int count, Storage<int>? rows)
        : base(output)
    {
        _context = context;
        _input = input;
        _weight = weight;
        _bias = bias;
        _statistics = statistics;
        _output = output;
        _epsilon = epsilon;
        _activation = activation;
        _count = count;
        _rows = rows;
    }

    public override void Backward(Gradients gradients)
    {
        int channels = _statistics.Shape[1];
        Tensor gradient = gradients.Of(_output);
        RowChunks chunks = new(_input.Shape.RowCount, channels);
        Tensor sums = _context.Workspace.RentZeros(new Shape(Math.Max(1, chunks.Count), 2, channels));
        _context.Workers.Run(chunks.Count, new SumsWork(_input, gradient, _statistics, _activation, sums, chunks));
        FixedTree.Sum(sums.Span, sums.Shape[0], 2 * channels);
        Tensor coefficients = _context.Workspace.Rent(new Shape(3, channels));
        Span<float> direct = coefficients.Rows(0, 1).Span;
        Span<float> slope = coefficients.Rows(1, 1).Span;
        Span<float> offset = coefficients.Rows(2, 1).Span;
        ReadOnlySpan<float> variance = _statistics.Rows(1, 1).Span;
        ReadOnlySpan<float> scale = _statistics.Rows(2, 1).Span;
        ReadOnlySpan<float> total = sums.Span[..channels];
        ReadOnlySpan<float> products = sums.Span.Slice(channels, channels);
        for (int c = 0; c < channels; c++)
        {
            float share = _count == 0 ? 0f : scale[c] / _count;
            direct[c] = scale[c];
            slope[c] = -share * products[c] / (variance[c] + _epsilon);
            offset[c] = -share * total[c];
        }

        if (Gradients.Flows(_input))
        {
            Tensor target = gradients.Into(_input, out bool accumulate);
            bool everywhere = _count != 0 && _rows is null;
            _context.Workers.Run(
                chunks.Count, new SpreadWork(_input, gradient, _statistics, _activation, coefficients, everywhere, target, accumulate, chunks));
            if (_rows is not null)
            {
                Operands(_input, gradient, _statistics, _activation)
                    .AddStatistics(_rows.Slice(0, _count), coefficients.Rows(1, 1).Span, coefficients.Rows(2, 1).Span, target.Span);
            }
        }

        AddParameters(gradients, total, products, variance);
        _context.Workspace.Recycle(sums.Storage);
        _context.Workspace.Recycle(coefficients.Storage);
    }

    private void AddParameters(Gradients gradients, ReadOnlySpan<float> total, ReadOnlySpan<float> products, ReadOnlySpan<float> variance)
    {
        if (Gradients.Flows(_weight))
        {
            Span<float> target = gradients.Into(_weight, out bool accumulate).Span;
            for (int c = 0; c < target.Length; c++)
            {
                float value = products[c] / MathF.Sqrt(variance[c] + _epsilon);
                target[c] = accumulate ? target[c] + value : value;
            }
        }

        if (Gradients.Flows(_bias))
        {
            Span<float> target = gradients.Into(_bias, out bool accumulate).Span;
            for (int c = 0; c < target.Length; c++)
            {
                target[c] = accumulate ? target[c] + total[c] : total[c];
            }
        }
    }

    private static ChannelGradient Operands(Tensor input, Tensor gradient, Tensor statistics, Activation activation) => new()
    {
        Input = input.Span,
        OutputGradient = gradient.Span,
        Mean = statistics.Rows(0, 1).Span,
        Scale = statistics.Rows(2, 1).Span,
        Shift = statistics.Rows(3, 1).Span,
        Activation = activation,
    };

    private readonly struct SumsWork(
        Tensor input, Tensor gradient, Tensor statistics, Activation activation, Tensor sums, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part) =>
            Operands(input, gradient, statistics, activation).Sums(chunks.From(part), chunks.To(part), sums.Rows(part, 1).Span);
    }

    private readonly struct SpreadWork(
        Tensor input, Tensor gradient, Tensor statistics, Activation activation, Tensor coefficients, bool everywhere, Tensor target,
        bool accumulate, RowChunks chunks) : IParallelWork
    {
        public void Execute(int part) => Operands(input, gradient, statistics, activation).Spread(
            chunks.From(part), chunks.To(part), coefficients.Rows(0, 1).Span, everywhere ? coefficients.Rows(1, 1).Span : default,
            everywhere ? coefficients.Rows(2, 1).Span : default, target.Span, accumulate);
    }
}
