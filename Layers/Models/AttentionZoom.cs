using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.RegionLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Recurrent attention network of several scales (Fu et al., "Look closer to see better: recurrent attention convolutional neural network", CVPR 2017): each
/// scale has a network of its own, which answers and says which box of the image the next scale is to see closer. Boxes are differentiable; a rank loss asks each
/// scale to be surer than the one before (<see cref="Training.Objectives.RankedExits"/>).
/// </summary>
/// <remarks>
/// Boxes lie within that of the scale before. Deviation: the paper trains networks and boxes in turns and joins the scales' features in the end; here all is trained
/// at once, and each scale is an exit, so that whoever is sure is not looked at again.
/// </remarks>
public sealed class AttentionZoom : StagedNetwork
{
    private const int ImageSlot = 0;
    private const int FeaturesSlot = 1;
    private const int BoxSlot = 2;

    private readonly AttentionZoomOptions _options;
    private readonly Sequential[] _encoders;
    private readonly Linear[] _classifiers;
    private readonly AttentionCrop[] _crops;
    private readonly long[] _stageMacs;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public AttentionZoom(AttentionZoomOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        Recipe = options;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        _encoders = new Sequential[options.Scales];
        _classifiers = new Linear[options.Scales];
        _crops = new AttentionCrop[options.Scales];
        _stageMacs = new long[options.Scales];
        ResNetOptions groups = options.Encoder();
        Shape seen = new(1, options.SeenHeight, options.SeenWidth, options.InputChannels);
        for (int scale = 0; scale < options.Scales; scale++)
        {
            List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
            for (int group = 0; group < options.Channels.Length; group++)
            {
                ResNet.AddGroup(layers, groups, group);
            }

            layers.Add(new GlobalAveragePool());
            string number = scale.ToString(CultureInfo.InvariantCulture);
            int features = options.Channels[^1];
            _encoders[scale] = Add("encoder" + number, new Sequential([.. layers]));
            _classifiers[scale] = Add("classifier" + number, new Linear(features, options.Classes));
            _stageMacs[scale] = _encoders[scale].CountMacs(seen) + _classifiers[scale].CountMacs(new Shape(1, features));
            if (scale > 0)
            {
                _crops[scale] = Add("crop" + number, new AttentionCrop(features, options.SeenHeight, options.SeenWidth));
                _stageMacs[scale] += _crops[scale].CountMacs();
            }
        }

        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _options.Scales;

    /// <inheritdoc/>
    public override int ClassCount => _options.Classes;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override long StageMacs(int stage) => _stageMacs[stage];

    /// <inheritdoc/>
    public override StageState CreateState() => new(3);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, ImageSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        Tensor box = default;
        Tensor features;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Tensor image = state[ImageSlot];
            Tensor seen;
            if (stage == 0)
            {
                seen = context.AdaptiveAveragePool2d(image, _options.SeenHeight, _options.SeenWidth);
            }
            else
            {
                Tensor inner = _crops[stage].Locate(context, state[FeaturesSlot]);
                box = scope.Keep(stage == 1 ? inner : Within(context, state[BoxSlot], inner));
                context.RecordViews(_crops[stage].Number, DecisionKind.Regions, _crops[stage].ViewsOf(context, box), _stageMacs[stage]);
                seen = _crops[stage].Zoom(context, image, box);
            }

            features = scope.Keep(_encoders[stage].Forward(context, seen));
        }

        state.Set(context, FeaturesSlot, features);
        if (stage > 0)
        {
            state.Set(context, BoxSlot, box);
        }

        using WorkspaceScope answer = context.Workspace.Enter();
        return answer.Keep(_classifiers[stage].Forward(context, features));
    }

    // A box within a box, in the coordinates of the whole image: c = c₁ + h₁·c₂ and h = h₁·h₂.
    private static Tensor Within(Context context, Tensor outer, Tensor inner)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor scaled = context.Multiply(inner, context.Slice(outer, 1, 2, 1));
        Tensor center = context.Add(context.Slice(scaled, 1, 0, 2), context.Slice(outer, 1, 0, 2));
        return scope.Keep(context.Concat(1, center, context.Slice(scaled, 1, 2, 1)));
    }
}
