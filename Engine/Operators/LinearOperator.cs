using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.MatrixMultiply;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>The linear layer, also of selected features only. To the kernels it is a convolution of maps of one column.</summary>
public static class LinearOperator
{
    private const int MostBriefRows = 6;
    private const long MostBriefMacs = 1L << 17;

    /// <summary>y[n, …, o] = bias[o] + Σ over i of x[n, …, i] · w[o, i]; differentiable in input, weight and bias.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, …, inFeatures]; a vector is one sample.</param>
    /// <param name="weight">w, [outFeatures, inFeatures].</param>
    /// <param name="bias">[outFeatures]; no tensor: none.</param>
    /// <param name="features">The input and output features in use, as its channels; its pixels are the rows of a sample.</param>
    /// <param name="packed">The weight in packed form, if the caller has it.</param>
    /// <returns>[N, …, outFeatures], or fewer features when they are compact; with compact pixels [selected rows, outFeatures].</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    public static Tensor Linear(
        this Context context, Tensor input, Tensor weight, Tensor bias = default, in Conv2dSelection features = default, PackedWeight? packed = null)
    {
        if (weight.Shape.Rank != 2)
        {
            throw new ArgumentException($"The weight has shape {weight.Shape}; expected [outFeatures, inFeatures].", nameof(weight));
        }

        if (IsSmall(context, input, weight, bias, in features))
        {
            return Small(context, input, weight, bias);
        }

        if (packed is not null && input.Shape.Rank == 2 && HasBias(bias, weight) && !Records(context, input, weight, bias))
        {
            if (ListedProductWork.Pays(input, in features))
            {
                return ListedProductWork.Forward(context, input, packed, bias, in features);
            }

            if (IsBrief(context, input, weight, in features))
            {
                return Brief(context, input, packed, weight, bias);
            }
        }

        ConvolutionGeometry geometry = Geometry(input, weight.Shape[1], weight.Shape[0]);
        Tensor output = context.Conv2d(
            AsMaps(input), weight.Reshape(new Shape(weight.Shape[0], weight.Shape[1], 1, 1)), bias, in geometry, in features, packed);
        return AsRows(output, input, in features);
    }

    /// <summary>y = activation(linear(x, w) · scale + shift + residual), for inference: nothing is recorded.</summary>
    /// <param name="context">The context; it has no tape.</param>
    /// <param name="input">x, [N, …, inFeatures]; a vector is one sample.</param>
    /// <param name="packed">The weight.</param>
    /// <param name="steps">What is done to the sums.</param>
    /// <param name="features">The input and output features in use, as its channels; its pixels are the rows of a sample.</param>
    /// <returns>As <see cref="Linear"/>.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit each other.</exception>
    /// <exception cref="InvalidOperationException">A tape records and a gradient would be lost.</exception>
    public static Tensor LinearFused(
        this Context context, Tensor input, PackedWeight packed, in FusedSteps steps, in Conv2dSelection features = default)
    {
        ArgumentNullException.ThrowIfNull(packed);
        ConvolutionGeometry geometry = Geometry(input, packed.InChannels, packed.OutChannels);
        FusedSteps mapped = steps;
        if (steps.Residual.Exists && !(features.CompactPixels && !features.Pixels.IsAll))
        {
            mapped = steps with { Residual = AsMaps(steps.Residual) };
        }

        return AsRows(context.Conv2dFused(AsMaps(input), packed, in geometry, in mapped, in features), input, in features);
    }

    // What is recorded goes the usual way, with the same bits.
    private static bool IsSmall(Context context, Tensor input, Tensor weight, Tensor bias, in Conv2dSelection features) =>
        input.Shape.Rank == 2 && input.Shape[1] == weight.Shape[1] && (long)input.Shape[0] * weight.Count <= SmallProduct.MostMacs
        && features.Pixels.IsAll && !features.SelectsChannels && HasBias(bias, weight) && !Records(context, input, weight, bias);

    // A few rows that one thread takes: as pixels of a convolution they would be prepared for longer than some are computed.
    private static bool IsBrief(Context context, Tensor input, Tensor weight, in Conv2dSelection features) =>
        input.Shape[0] is > 0 and <= MostBriefRows && input.Shape[1] == weight.Shape[1] && features.Pixels.IsAll && !features.SelectsChannels
        && (context.Workers.Threads == 1 || input.Shape[0] * (long)weight.Count <= MostBriefMacs);

    private static Tensor Brief(Context context, Tensor input, PackedWeight packed, Tensor weight, Tensor bias)
    {
        MultiplyShape shape = new(input.Shape[0], weight.Shape[1], weight.Shape[0]);
        packed.CheckFits(new ConvolutionGeometry(shape.Depth, shape.Columns, 1, 1, 1, 1));
        context.ThrowIfCancelled();
        Tensor output = context.Workspace.Rent(new Shape(shape.Rows, shape.Columns));
        Tensor scratch = context.Workspace.Rent(new Shape(PackedMultiply.ScratchLength));
        Epilogue epilogue = new() { Shift = bias.Exists ? bias.Span : default };
        PackedMultiply.Multiply(in shape, input.Span, packed.Panels.Span, output.Span, in epilogue, scratch.Span);
        context.Workspace.Recycle(scratch.Storage);
        context.Count(shape.Rows, weight.Count, weight.Count);
        return output;
    }

    private static bool HasBias(Tensor bias, Tensor weight) => !bias.Exists || bias.Shape == new Shape(weight.Shape[0]);

    private static bool Records(Context context, Tensor input, Tensor weight, Tensor bias) =>
        context.Records(input) || context.Records(weight) || (bias.Exists && context.Records(bias));

    private static Tensor Small(Context context, Tensor input, Tensor weight, Tensor bias)
    {
        context.ThrowIfCancelled();
        (int rows, int outputs) = (input.Shape[0], weight.Shape[0]);
        Tensor output = context.Workspace.Rent(new Shape(rows, outputs));
        SmallProduct.Linear(input.Span, weight.Span, bias.Exists ? bias.Span : default, rows, outputs, output.Span);
        context.Count(rows, weight.Count, weight.Count);
        return output;
    }

    private static ConvolutionGeometry Geometry(Tensor input, int inFeatures, int outFeatures)
    {
        if (input.Shape.Rank == 0)
        {
            throw new ArgumentException($"The input has shape {input.Shape}; expected [N, …, inFeatures].", nameof(input));
        }

        return new ConvolutionGeometry(inFeatures, outFeatures, 1, 1, AsMaps(input).Shape[1], 1);
    }

    private static Tensor AsMaps(Tensor rows)
    {
        int rank = rows.Shape.Rank;
        int samples = rank == 1 ? 1 : rows.Shape[0];
        int middle = 1;
        for (int i = 1; i < rank - 1; i++)
        {
            middle *= rows.Shape[i];
        }

        // Samples without rows are no samples: a map has at least one pixel.
        return rows.Reshape(middle == 0 ? new Shape(0, 1, 1, rows.Shape[-1]) : new Shape(samples, middle, 1, rows.Shape[-1]));
    }

    private static Tensor AsRows(Tensor output, Tensor input, in Conv2dSelection features) =>
        features.CompactPixels && !features.Pixels.IsAll ? output : output.Reshape(input.Shape.With(-1, output.Shape[-1]));
}
