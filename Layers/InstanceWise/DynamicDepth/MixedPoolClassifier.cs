using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.InstanceWise.DynamicDepth;

/// <summary>
/// The internal classifier of shallow-deep networks: features pooled to s × s by a learned mix of maximum and mean, μ·max(x) + (1 − μ)·mean(x), and a linear
/// layer (Kaya et al., ICML 2019, section 4.1; the mix is of Lee et al., "Generalizing pooling functions", AISTATS 2016).
/// </summary>
/// <remarks>Features smaller than s are taken at their own size. Flattening yields [C, H, W] order, as everywhere. μ starts at ½ and is not bounded.</remarks>
public sealed class MixedPoolClassifier : Layer
{
    private readonly int _height;
    private readonly int _width;
    private readonly Parameter _mix;
    private readonly Linear _linear;

    /// <summary>Makes a classifier.</summary>
    /// <param name="features">The shape of the features of one sample, [H, W, C].</param>
    /// <param name="classes">Classes.</param>
    /// <param name="pooledSize">s.</param>
    public MixedPoolClassifier(Shape features, int classes, int pooledSize = 4)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pooledSize, 1);
        if (features.Rank != 3)
        {
            throw new ArgumentException($"The features have shape {features}; expected [H, W, C].", nameof(features));
        }

        _height = Math.Min(pooledSize, features[0]);
        _width = Math.Min(pooledSize, features[1]);
        _mix = AddParameter("mix", new Shape(1), decays: false);
        _linear = Add("linear", new Linear(_height * _width * features[2], classes));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _linear.OutputShape(Flat(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _linear.CountMacs(Flat(input));

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _mix.Value.Span.Fill(0.5f);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor mean = context.AdaptiveAveragePool2d(input, _height, _width);
        Tensor largest = context.AdaptiveMaxPool2d(input, _height, _width);
        Tensor mix = _mix.Value.Reshape(new Shape(1, 1, 1, 1));
        Tensor pooled = context.Add(mean, context.Multiply(context.Subtract(largest, mean), mix));
        return scope.Keep(_linear.Forward(context, context.Flatten(pooled)));
    }

    private Shape Flat(Shape input) => input.Rank == 4
        ? new Shape(input[0], _height * _width * input[3])
        : throw new ArgumentException($"The input has shape {input}; expected [N, H, W, C].", nameof(input));
}
