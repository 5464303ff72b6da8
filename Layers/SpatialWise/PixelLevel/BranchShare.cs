using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// The share of a branch's multiply-adds that a relaxed mask of its output stands for, differentiable: Σ_l c_l·mean(m_l)/Σ_l c_l with the mask itself for the last
/// convolution and, for each before it, the mask of what the next one reads, m_{l−1} = max over the window of m_l, so that masks of few large pieces are cheaper than
/// ones of as many scattered pixels.
/// </summary>
/// <remarks>Of a mask of zeros and ones it is what inference executes; before a convolution with a stride it may be a pixel too wide.</remarks>
internal static class BranchShare
{
    /// <summary>The share, one number.</summary>
    /// <param name="context">The context.</param>
    /// <param name="convs">The branch's convolutions, first to last.</param>
    /// <param name="input">The branch's input, [N, H, W, C].</param>
    /// <param name="mask">[N, H′, W′] over the last one's output.</param>
    public static Tensor Of(Context context, Conv2d[] convs, Shape input, Tensor mask)
    {
        double all = 0;
        Shape shape = input;
        foreach (Conv2d conv in convs)
        {
            all += conv.CountMacs(shape);
            shape = conv.OutputShape(shape);
        }

        Tensor reads = mask.Reshape(new Shape(mask.Shape[0], mask.Shape[1], mask.Shape[2], 1));
        Tensor share = default;
        for (int i = convs.Length - 1; i >= 0; i--)
        {
            shape = input;
            for (int j = 0; j < i; j++)
            {
                shape = convs[j].OutputShape(shape);
            }

            Tensor part = context.Scale(context.Mean(reads), (float)(convs[i].CountMacs(shape) / all));
            share = share.Exists ? context.Add(share, part) : part;
            if (i > 0)
            {
                reads = ReadBy(context, convs[i].GeometryOf(shape), reads);
            }
        }

        return share;
    }

    private static Tensor ReadBy(Context context, in ConvolutionGeometry geometry, Tensor outputs)
    {
        if (geometry.IsPointwise)
        {
            return outputs;
        }

        if (geometry.StrideHeight > 1)
        {
            Tensor spread = context.Resize(outputs, geometry.OutHeight * geometry.StrideHeight, geometry.OutWidth * geometry.StrideHeight, ResizeMode.Nearest);
            outputs = context.Crop(spread, 0, 0, geometry.InHeight, geometry.InWidth);
        }

        return context.MaxPool2d(outputs, geometry.KernelHeight, stride: 1, padding: geometry.KernelHeight / 2);
    }
}
