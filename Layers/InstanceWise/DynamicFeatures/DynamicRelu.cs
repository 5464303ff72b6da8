using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicFeatures;

/// <summary>
/// A rectifier whose lines the input chooses, y_c = maxₖ (aₖ,c x_c + bₖ,c), with a = (1, 0, …) + λₐ θ, b = λ_b θ and θ = 2 σ(W₂ ReLU(W₁ GAP(x) + b₁) +
/// b₂) − 1 (Chen et al., "Dynamic ReLU", ECCV 2020, sections 3.1 to 3.3). With θ = 0 it is ReLU. [N, H, W, C] to the same.
/// </summary>
/// <remarks>
/// Form C multiplies the lines of a pixel by π = min(γ · softmax over the pixels of z / τ, 1), z from a 1×1 convolution, γ = H·W/3 and τ = 10; no code
/// of the authors is known for it, and the last step is y · π, as π is not negative.
/// </remarks>
public sealed class DynamicRelu : Layer
{
    private const float Temperature = 10f;

    private readonly int _channels;
    private readonly int _lines;
    private readonly float _slopeRange;
    private readonly float _interceptRange;
    private readonly Linear _squeeze;
    private readonly Linear _excite;
    private readonly Conv2d? _spatial;

    /// <summary>Makes an activation.</summary>
    /// <param name="channels">C.</param>
    /// <param name="form">What shares lines.</param>
    /// <param name="lines">K, at most 8.</param>
    /// <param name="reduction">C / hidden width.</param>
    /// <param name="slopeRange">λₐ.</param>
    /// <param name="interceptRange">λ_b.</param>
    public DynamicRelu(
        int channels, DynamicReluForm form = DynamicReluForm.Channelwise, int lines = 2, int reduction = 8, float slopeRange = 1f, float interceptRange = 0.5f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(lines, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lines, 8);
        ArgumentOutOfRangeException.ThrowIfLessThan(reduction, 1);
        _channels = channels;
        _lines = lines;
        _slopeRange = slopeRange;
        _interceptRange = interceptRange;
        int hidden = Math.Max(1, channels / reduction);
        _squeeze = Add("fc1", new Linear(channels, hidden));
        _excite = Add("fc2", new Linear(hidden, form == DynamicReluForm.Shared ? 2 * lines : checked(2 * lines * channels)));

        // Normal numbers of the variance that PyTorch's rule of the fan-in gives: by that of the fan-out one output would start far from 0.
        _spatial = form == DynamicReluForm.SpatialAndChannelwise ? Add("spatial", new Conv2d(channels, 1, 1) { InitialScale = 1f / MathF.Sqrt(6f * channels) }) : null;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        if (input.Rank != 4 || input[3] != _channels)
        {
            throw new ArgumentException($"The input has shape {input}; expected [N, height, width, {_channels}].", nameof(input));
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        Shape pooled = new(OutputShape(input)[0], _channels);
        return _squeeze.CountMacs(pooled) + _excite.CountMacs(_squeeze.OutputShape(pooled)) + (_spatial?.CountMacs(input) ?? 0);
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor hidden = context.Relu(_squeeze.Forward(context, context.GlobalAveragePool(input)));
        Tensor theta = context.Affine(context.Sigmoid(_excite.Forward(context, hidden)), 2f, -1f);
        Tensor lines = context.LinesOf(theta, _channels, _lines, _slopeRange, _interceptRange);
        return scope.Keep(context.MaximumOfLines(input, lines, _spatial is null ? default : Pixels(context, input, _spatial)));
    }

    // π, [N, H, W, 1].
    private static Tensor Pixels(Context context, Tensor input, Conv2d spatial)
    {
        Tensor logits = spatial.Forward(context, input);
        int pixels = logits.Shape.ProductFrom(1);
        Tensor shares = context.Softmax(logits.Reshape(new Shape(logits.Shape[0], pixels)), Temperature);
        return context.Clamp(context.Scale(shares, pixels / 3f), 0f, 1f).Reshape(logits.Shape);
    }
}
