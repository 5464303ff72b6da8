using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Channel attention from means and deviations, y_c = x_c · σ(norm(u_c · (mean_c, deviation_c))): each channel decides for itself by two weights (Lee
/// et al., "SRM: A Style-Based Recalibration Module", ICCV 2019, section 3).
/// </summary>
/// <remarks>
/// The deviation is √(variance + ε) with the unbiased variance, as in the authors' code; the paper's formula (section 3.1) has the biased one and no
/// ε. The variance of a map of one pixel is 0, where the code gives no number.
/// </remarks>
public sealed class StyleRecalibration : FeatureAttention
{
    private readonly float _epsilon;
    private readonly BatchNorm2d _norm;

    /// <summary>Makes an attention.</summary>
    /// <param name="channels">C.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    public StyleRecalibration(int channels, float epsilon = 1e-5f)
        : base(channels)
    {
        _epsilon = epsilon;
        Style = AddParameter("cfc", new Shape(channels, 2));
        _norm = Add("bn", new BatchNorm2d(channels));
    }

    /// <summary>u, [C, 2]: what the mean and the deviation weigh.</summary>
    public Parameter Style { get; }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return 0;
    }

    /// <summary>Zeros, as in the authors' code: all channels start at one half.</summary>
    /// <param name="random">Not used.</param>
    protected override void OnInitialize(RandomStream random) => Style.Value.Span.Clear();

    /// <inheritdoc/>
    protected override Tensor Apply(Context context, Tensor input, Tensor residual, Activation activation)
    {
        Tensor style = context.MeanAndDeviationPool(input, _epsilon);
        Tensor sums = context.Sum(context.Multiply(style, context.Transpose(Style.Value)), axis: 1);
        return context.Recalibrate(input, context.Sigmoid(_norm.Forward(context, sums)), default, residual, activation);
    }
}
