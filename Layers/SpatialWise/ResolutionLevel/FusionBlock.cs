using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Sampling;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.ResolutionLevel;

/// <summary>
/// A block of a sub-network that goes on from what a sub-network of lower resolution has found (Yang et al., "Resolution adaptive networks for efficient
/// inference", CVPR 2020, section 3.3): x_{i+1} = [x_i, f_i(x_i)] for each of its layers, then y = t([x_n, resize(g(low))]), where f is a 1×1 and a 3×3
/// convolution, g a 1×1 convolution, resize bilinear, and t a convolution to the block's width, of 3×3 with stride 2 where the resolution goes down, else of 1×1.
/// </summary>
/// <remarks>Deviation: the released code fuses after each layer of a block; here the lower features join once, at the block's end.</remarks>
public sealed class FusionBlock : Module
{
    private readonly Sequential[] _layers;
    private readonly ConvBlock? _lift;
    private readonly ConvBlock _transition;

    /// <summary>Makes a block.</summary>
    /// <param name="channels">Channels of the input.</param>
    /// <param name="growth">Channels that each layer, and the lower features, add.</param>
    /// <param name="layers">The number of layers.</param>
    /// <param name="lowChannels">Channels of the lower features; 0: there are none.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="halves">Whether the output has half the rows and columns.</param>
    public FusionBlock(int channels, int growth, int layers, int lowChannels, int outChannels, bool halves)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(lowChannels);
        _layers = new Sequential[layers];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Add("layer" + i.ToString(CultureInfo.InvariantCulture), new Sequential(
                new ConvBlock(channels, growth, kernel: 1),
                new ConvBlock(growth, growth, kernel: 3)));
            channels += growth;
        }

        if (lowChannels > 0)
        {
            _lift = Add("lift", new ConvBlock(lowChannels, growth, kernel: 1));
            channels += growth;
        }

        _transition = Add("transition", halves ? new ConvBlock(channels, outChannels, kernel: 3, stride: 2) : new ConvBlock(channels, outChannels, kernel: 1));
    }

    /// <summary>Whether the block takes features of a lower resolution.</summary>
    public bool Fuses => _lift is not null;

    /// <summary>The shape of the output.</summary>
    /// <param name="input">The input's shape.</param>
    public Shape OutputShape(Shape input) => _transition.OutputShape(Joined(input));

    /// <summary>The MACs of the block, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    /// <param name="low">The lower features' shape; not looked at when the block takes none.</param>
    public long CountMacs(Shape input, Shape low)
    {
        long macs = _lift?.CountMacs(low) ?? 0;
        Shape shape = input;
        foreach (Sequential layer in _layers)
        {
            macs += layer.CountMacs(shape);
            shape = shape.With(3, shape[3] + layer.OutputShape(shape)[3]);
        }

        return macs + _transition.CountMacs(Joined(input));
    }

    /// <summary>Runs the block.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">x, [N, H, W, channels].</param>
    /// <param name="low">The lower features, [N, h, w, lowChannels]; none when the block takes none.</param>
    /// <exception cref="ArgumentException">Lower features are given to a block that takes none, or the other way round.</exception>
    public Tensor Forward(Context context, Tensor input, Tensor low)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (low.Exists != Fuses)
        {
            throw new ArgumentException(Fuses ? "No lower features were given to a block that fuses; expected some." : $"Lower features of {low.Shape} were given to a block that fuses none.", nameof(low));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor joined = input;
        foreach (Sequential layer in _layers)
        {
            joined = context.Concat(3, joined, layer.Forward(context, joined));
        }

        if (_lift is not null)
        {
            Tensor lifted = _lift.Forward(context, low);
            bool fits = lifted.Shape[1] == input.Shape[1] && lifted.Shape[2] == input.Shape[2];
            joined = context.Concat(3, joined, fits ? lifted : context.Resize(lifted, input.Shape[1], input.Shape[2], ResizeMode.Bilinear));
        }

        return scope.Keep(_transition.Forward(context, joined));
    }

    private Shape Joined(Shape input)
    {
        Shape shape = input;
        foreach (Sequential layer in _layers)
        {
            shape = shape.With(3, shape[3] + layer.OutputShape(shape)[3]);
        }

        return _lift is null ? shape : shape.With(3, shape[3] + _lift.OutputShape(new Shape(1, 1, 1, LowChannels))[3]);
    }

    private int LowChannels => _lift!.Convolution.Weight.Shape[1];
}
