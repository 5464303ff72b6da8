using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>Matrix products of activations, as attention needs them.</summary>
public static class MatrixProduct
{
    /// <summary>y[b] = left[b] · right[b] for each b of the leading dimensions; differentiable in both.</summary>
    /// <param name="context">The context.</param>
    /// <param name="left">[…, m, k], or […, k, m] when transposed.</param>
    /// <param name="right">[…, k, n], or […, n, k] when transposed; the same leading dimensions as <paramref name="left"/>.</param>
    /// <param name="transposesLeft">Whether the left matrices are stored transposed.</param>
    /// <param name="transposesRight">Whether the right matrices are stored transposed.</param>
    /// <returns>[…, m, n].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor MatMul(this Context context, Tensor left, Tensor right, bool transposesLeft = false, bool transposesRight = false)
    {
        int rank = left.Shape.Rank;
        if (rank < 2 || right.Shape.Rank != rank)
        {
            throw new ArgumentException($"The matrices have shapes {left.Shape} and {right.Shape}; expected the same rank, at least 2.", nameof(right));
        }

        for (int i = 0; i < rank - 2; i++)
        {
            if (left.Shape[i] != right.Shape[i])
            {
                throw new ArgumentException($"The matrices have shapes {left.Shape} and {right.Shape}; expected the same leading dimensions.", nameof(right));
            }
        }

        int rows = left.Shape[transposesLeft ? -1 : -2];
        int depth = left.Shape[transposesLeft ? -2 : -1];
        if (right.Shape[transposesRight ? -1 : -2] != depth)
        {
            throw new ArgumentException(
                $"The matrices have shapes {left.Shape} and {right.Shape}; expected {depth} in dimension {(transposesRight ? -1 : -2)} of the right one.", nameof(right));
        }

        MultiplyShape shape = new(rows, depth, right.Shape[transposesRight ? -2 : -1])
        {
            TransposesLeft = transposesLeft,
            TransposesRight = transposesRight,
        };
        context.ThrowIfCancelled();
        int count = left.Shape.ProductBefore(rank - 2);
        Tensor output = context.Workspace.Rent(left.Shape.With(-2, rows).With(-1, shape.Columns));
        MultiplyWork.Run(context, in shape, count, left, right, output, accumulate: false);
        CountMacs(context, left.Shape, count, in shape);
        if (context.Records(left) || context.Records(right))
        {
            context.Tape!.Record(new Entry(context, left, right, output, in shape, count));
        }

        return output;
    }

    private static void CountMacs(Context context, Shape shape, int count, in MultiplyShape product)
    {
        // A sample is an entry of the first dimension; without one there is no batch.
        int samples = shape.Rank > 2 ? shape[0] : 1;
        if (samples > 0)
        {
            context.Count(samples, count / samples * product.Macs, count / samples * product.Macs);
        }
    }

    private sealed class Entry : TapeEntry
    {
        private readonly Context _context;
        private readonly Tensor _left;
        private readonly Tensor _right;
        private readonly MultiplyShape _shape;
        private readonly int _count;

        public Entry(Context context, Tensor left, Tensor right, Tensor output, in MultiplyShape shape, int count)
            : base(output)
        {
            _context = context;
            _left = left;
            _right = right;
            _shape = shape;
            _count = count;
        }

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(Outputs[0]);
            if (Gradients.Flows(_left))
            {
                // dL = dy · Rᵀ; of a left matrix that is stored transposed, dLᵀ = R · dyᵀ.
                Tensor target = gradients.Into(_left, out bool accumulate);
                MultiplyShape shape = _shape.TransposesLeft
                    ? new MultiplyShape(_shape.Depth, _shape.Columns, _shape.Rows) { TransposesLeft = _shape.TransposesRight, TransposesRight = true }
                    : new MultiplyShape(_shape.Rows, _shape.Columns, _shape.Depth) { TransposesRight = !_shape.TransposesRight };
                (Tensor a, Tensor b) = _shape.TransposesLeft ? (_right, gradient) : (gradient, _right);
                MultiplyWork.Run(_context, in shape, _count, a, b, target, accumulate);
            }

            if (Gradients.Flows(_right))
            {
                // dR = Lᵀ · dy; of a right matrix that is stored transposed, dRᵀ = dyᵀ · L.
                Tensor target = gradients.Into(_right, out bool accumulate);
                MultiplyShape shape = _shape.TransposesRight
                    ? new MultiplyShape(_shape.Columns, _shape.Rows, _shape.Depth) { TransposesLeft = true, TransposesRight = _shape.TransposesLeft }
                    : new MultiplyShape(_shape.Depth, _shape.Rows, _shape.Columns) { TransposesLeft = !_shape.TransposesLeft };
                (Tensor a, Tensor b) = _shape.TransposesRight ? (gradient, _left) : (_left, gradient);
                MultiplyWork.Run(_context, in shape, _count, a, b, target, accumulate);
            }
        }
    }
}
