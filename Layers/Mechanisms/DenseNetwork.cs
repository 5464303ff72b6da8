using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// A network that answers for each pixel and runs on images of any size: an output pixel depends on input pixels within <see cref="Reach"/> alone, so that a large
/// image can be run in tiles. Each stage answers with [N · H · W, <see cref="StagedNetwork.ClassCount"/>]; a stage after the first runs on the pixels of
/// <see cref="StageState.Chosen"/> alone, and leaves the answer of the others as it was.
/// </summary>
public abstract class DenseNetwork : StagedNetwork
{
    /// <summary>Makes a network.</summary>
    /// <param name="answers">A map of labels or a picture.</param>
    protected DenseNetwork(AnswerKind answers)
    {
        if (answers is not (AnswerKind.LabelMap or AnswerKind.Picture))
        {
            throw new ArgumentOutOfRangeException(nameof(answers), answers, "Expected a map of labels or a picture.");
        }

        Answers = answers;
    }

    /// <inheritdoc/>
    public override AnswerKind Answers { get; }

    /// <summary>Rows and columns of an input are a multiple of this.</summary>
    public abstract int SizeMultiple { get; }

    /// <summary>How many pixels away from an output pixel, up, down, left and right, the input may be that it depends on.</summary>
    public abstract int Reach { get; }

    /// <inheritdoc/>
    public override int TargetCount => SampleShape[0] * SampleShape[1] * (Answers == AnswerKind.Picture ? ClassCount : 1);

    /// <summary>The MACs of one stage for an image of a size, when it runs on all pixels.</summary>
    /// <param name="stage">From 0.</param>
    /// <param name="height">Rows, a multiple of <see cref="SizeMultiple"/>.</param>
    /// <param name="width">Columns, a multiple of <see cref="SizeMultiple"/>.</param>
    public abstract long MacsOf(int stage, int height, int width);

    /// <inheritdoc/>
    public override long StageMacs(int stage) => MacsOf(stage, SampleShape[0], SampleShape[1]);

    /// <inheritdoc/>
    protected override bool Accepts(Shape input) =>
        input.Rank == 4 && input[3] == SampleShape[2] && input[1] > 0 && input[2] > 0 && input[1] % SizeMultiple == 0 && input[2] % SizeMultiple == 0;
}
