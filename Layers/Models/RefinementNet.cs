using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.SpatialWise.PixelLevel;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Dense prediction in two stages. The first, everywhere, sees the image at a quarter of its size and answers coarsely, a = up(head(e)); the second computes at full size, for
/// those pixels that were not sure, y = a + head(block(fine + up(w·e))), and the others keep a; where pictures are answered with, a has besides a linear map of the
/// image's mean over 4 × 4 pixels, so that only what differs from it is to be learned (Li et al., "Not all pixels are equal: difficulty-aware semantic
/// segmentation via deep layer cascade", CVPR 2017, section 3; Kirillov et al., "PointRend", CVPR 2020). The block is a sparse residual one.
/// </summary>
/// <remarks>
/// Both stages are trained on all pixels, each with its loss, as exits of a classifier are; which pixels go on is decided after the first stage by a threshold, so that it
/// depends on their surroundings alone and an image can be run in tiles. Chosen pixels have the bits of the network that chooses all, under <see cref="Accuracy.Exact"/>.
/// Deviations from the layer cascade: the second pass adds to the first answer, and its features are computed from the first layer's and the last one's, not from a shared deep trunk.
/// </remarks>
public sealed class RefinementNet : DenseNetwork
{
    private const int FineSlot = 0;
    private const int DeepSlot = 1;
    private const int CoarseSlot = 2;

    private readonly RefinementNetOptions _options;
    private readonly ConvBlock _fine;
    private readonly Sequential _encoder;
    private readonly Conv2d _coarse;
    private readonly ImageMap? _mean;
    private readonly Conv2d _lift;
    private readonly SparseResidualBlock _refine;
    private readonly Linear _head;

    /// <summary>Makes a network; its weights are to be initialised or loaded.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public RefinementNet(RefinementNetOptions options)
        : base(Checked(options).Answers)
    {
        _options = options;
        Recipe = options;
        SampleShape = new Shape(options.Height, options.Width, options.InputChannels);
        int[] channels = options.Channels;
        bool isPicture = options.Answers == AnswerKind.Picture;
        _fine = Add("fine", new ConvBlock(options.InputChannels, channels[0], 3));
        List<Layer> encoder = [new ConvBlock(channels[0], channels[1], 3, 2), new ConvBlock(channels[1], channels[2], 3, 2)];
        for (int block = 0; block < options.Blocks; block++)
        {
            encoder.Add(new ResidualBlock(channels[2], channels[2]));
        }

        _encoder = Add("encoder", new Sequential([.. encoder]));
        _coarse = Add("coarse", new Conv2d(channels[2], options.Outputs, 1) { StartsAtZero = isPicture });
        _mean = isPicture ? Add("mean", new ImageMap(options.InputChannels, options.Outputs)) : null;
        _lift = Add("lift", new Conv2d(channels[2], channels[0], 1));
        _refine = Add("refine", new SparseResidualBlock(channels[0], channels[0], rule: null));
        _head = Add("head", new Linear(channels[0], options.Outputs) { StartsAtZero = isPicture });
        AssignNumbers();
    }

    /// <inheritdoc/>
    public override int StageCount => _options.IsStatic ? 1 : 2;

    /// <inheritdoc/>
    public override int ClassCount => _options.Outputs;

    /// <inheritdoc/>
    public override Shape SampleShape { get; }

    /// <inheritdoc/>
    public override int SizeMultiple => RefinementNetOptions.SizeMultiple;

    /// <inheritdoc/>
    /// <remarks>
    /// In pixels of the image: 1 of the first convolution, 1 and 2 of the strided ones, 2 · 4 of each block, 6 of the interpolation from a quarter, 2 of the refinement, 1 of the
    /// choice of pixels.
    /// </remarks>
    public override int Reach => 1 + 1 + 2 + (8 * _options.Blocks) + 6 + 2 + 1;

    /// <inheritdoc/>
    public override long MacsOf(int stage, int height, int width)
    {
        Shape image = new(1, height, width, _options.InputChannels);
        Shape fine = _fine.OutputShape(image);
        Shape deep = _encoder.OutputShape(fine);
        long refinement = _lift.CountMacs(deep) + _refine.CountMacs(fine) + ((long)height * width * HeadMacs);
        long coarse = _fine.CountMacs(image) + _encoder.CountMacs(fine) + _coarse.CountMacs(deep) + (_mean?.CountMacs(deep.With(3, _options.InputChannels)) ?? 0);
        return _options.IsStatic ? coarse + refinement : stage == 0 ? coarse : refinement;
    }

    /// <inheritdoc/>
    public override StageState CreateState() => new(3);

    /// <inheritdoc/>
    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, FineSlot, input);

    /// <inheritdoc/>
    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        if (stage == 0)
        {
            Coarse(context, state);
        }

        Tensor answer = stage == 0 && !_options.IsStatic ? state[CoarseSlot] : Refine(context, state);
        return answer.Reshape(new Shape(answer.Shape.RowCount, ClassCount));
    }

    private long HeadMacs => _head.Weight.Shape.Count;

    private static RefinementNetOptions Checked(RefinementNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return options;
    }

    private void Coarse(Context context, StageState state)
    {
        Tensor fine;
        Tensor deep;
        Tensor coarse;
        using (WorkspaceScope scope = context.Workspace.Enter())
        {
            Shape image = state[FineSlot].Shape;
            fine = scope.Keep(_fine.Forward(context, state[FineSlot]));
            deep = scope.Keep(_encoder.Forward(context, fine));
            Tensor answer = _coarse.Forward(context, deep);
            answer = _mean is null ? answer : context.Add(answer, _mean.Forward(context, context.AveragePool2d(state[FineSlot], SizeMultiple)));
            coarse = scope.Keep(context.Resize(answer, image[1], image[2]));
        }

        state.Set(context, FineSlot, fine);
        state.Set(context, DeepSlot, deep);
        state.Set(context, CoarseSlot, coarse);
    }

    private Tensor Refine(Context context, StageState state)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor coarse = state[CoarseSlot];
        Shape shape = coarse.Shape;
        Selection chosen = state.Chosen.Exists ? state.Chosen : Selection.All(shape[0], shape[1] * shape[2]);
        bool isRelaxed = context.Decisions == Engine.Execution.Decisions.Relaxed;
        Tensor scores = isRelaxed ? context.MaskOf(chosen).Reshape(new Shape(shape[0], shape[1], shape[2])) : default;
        Tensor lifted = context.Resize(_lift.Forward(context, state[DeepSlot]), shape[1], shape[2]);
        Decision decision = new(chosen, scores);
        Tensor refined;
        using (MeterTurn block = new(context, _refine))
        {
            refined = _refine.Forward(context, in decision, context.Add(state[FineSlot], lifted));
        }

        using MeterTurn head = new(context, _head);
        for (int sample = 0; sample < shape[0]; sample++)
        {
            context.CountRow(sample, chosen.RowCount(sample) * HeadMacs, shape[1] * shape[2] * HeadMacs);
        }

        // A linear layer counts by the sample; here a sample has many rows, which have been counted.
        ComputeMeter? meter = context.Meter;
        context.Meter = null;
        Tensor added = context.Linear(context.GatherPixels(refined, chosen), _head.Weight.Value, _head.Bias!.Value);
        Tensor sums = context.Add(context.GatherPixels(coarse, chosen).Reshape(added.Shape), added);
        context.Meter = meter;
        return scope.Keep(context.ScatterPixels(sums, chosen, shape[1], shape[2], coarse));
    }
}
