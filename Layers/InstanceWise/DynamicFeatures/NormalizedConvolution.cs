using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Normalization;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// Convolution, with or without bias, and batch normalisation if there is one, and an activation. A frozen one runs as a single convolution: the
/// bias moves into the normalisation's shift.
/// </summary>
internal sealed class NormalizedConvolution : Layer
{
    private const float Epsilon = 1e-5f;

    private readonly Conv2d _conv;
    private readonly BatchNorm2d? _norm;
    private readonly Activation _activation;
    private Tensor _scale;
    private Tensor _shift;

    /// <summary>Wraps a convolution.</summary>
    /// <param name="conv">The convolution.</param>
    /// <param name="normalizes">Whether it is normalised.</param>
    /// <param name="activation">What follows.</param>
    public NormalizedConvolution(Conv2d conv, bool normalizes, Activation activation)
    {
        _conv = Add("conv", conv);
        _norm = normalizes ? Add("norm", new BatchNorm2d(conv.Weight.Shape[0], epsilon: Epsilon)) : null;
        _activation = activation;
    }

    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    public override long CountMacs(Shape input) => _conv.CountMacs(input);

    // From the values: the parts are frozen after this.
    protected override void OnFreeze(PackedMemory memory)
    {
        if (_norm is not null)
        {
            _scale = Tensor.Zeros(_norm.Weight.Shape);
            _shift = Tensor.Zeros(_norm.Weight.Shape);
            BatchNormFold.Run(
                _norm.Weight.Value.Span, _norm.Bias.Value.Span, _norm.RunningMean.Value.Span, _norm.RunningVariance.Value.Span, Epsilon, _scale.Span, _shift.Span);
        }

        if (_conv.Bias is null)
        {
            return;
        }

        ReadOnlySpan<float> bias = _conv.Bias.Value.Span;
        if (_norm is null)
        {
            _shift = Tensor.From(_conv.Bias.Shape, bias);
            return;
        }

        for (int c = 0; c < bias.Length; c++)
        {
            _shift.Span[c] += _scale.Span[c] * bias[c];
        }
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        if (IsFrozen && context.Mode == Mode.Evaluate)
        {
            FusedSteps steps = new() { Scale = _scale, Shift = _shift, Activation = _activation };
            return _conv.ForwardFolded(context, input, in steps);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor sums = _conv.Forward(context, input);
        return scope.Keep(_norm is not null ? _norm.Forward(context, sums, _activation) : _activation == Activation.Relu ? context.Relu(sums) : sums);
    }
}
