using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// A network that can be given its input piece by piece, as it comes: a token, a sample of a signal, a frame. After the pieces of a whole input its answer has the
/// bits that the whole input would have been given.
/// </summary>
public interface IStepwise
{
    /// <summary>The shape of one piece, without batch: [H, W, C] for a frame; [1] for the identifier of a token.</summary>
    Shape StepShape { get; }

    /// <summary>The most pieces that there may be.</summary>
    int StepLimit { get; }

    /// <summary>The number of values that are remembered from piece to piece; all are zero before the first.</summary>
    int StateLength { get; }

    /// <summary>Which piece of a whole input is to come at a position: the position itself, unless the network has an order of its own.</summary>
    /// <param name="position">The number of pieces before.</param>
    int StepAt(int position) => position;

    /// <summary>
    /// The exit whose answer a piece brings, where the network has exits: one a piece, unless it answers after some pieces only; then the complement (~) of the exit
    /// that comes next, for pieces that bring none.
    /// </summary>
    /// <param name="position">The number of pieces before.</param>
    int ExitAt(int position) => position;

    /// <summary>Whether the next piece will be looked at; if not, anything may be given in its place.</summary>
    /// <param name="state">What is remembered.</param>
    /// <param name="position">The number of pieces before.</param>
    bool WillRead(ReadOnlySpan<float> state, int position) => true;

    /// <summary>Whether a state that came from outside, of finite numbers, is one that the network can go on from.</summary>
    /// <param name="state">What is remembered.</param>
    /// <param name="position">The number of pieces before.</param>
    bool IsSound(ReadOnlySpan<float> state, int position) => true;

    /// <summary>Takes the next piece.</summary>
    /// <param name="context">The context: one sample, Evaluate, hard decisions.</param>
    /// <param name="input">[1, …].</param>
    /// <param name="state">[1, state length]; changed in place.</param>
    /// <param name="position">The number of pieces before.</param>
    /// <returns>The answer after this piece.</returns>
    StepAnswer Step(Context context, Tensor input, Tensor state, int position);
}
