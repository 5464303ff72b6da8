using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>What a layer does at one step of a sequence, for the samples that have it; see <see cref="PresentWalk"/>.</summary>
internal interface ISequenceStep
{
    /// <summary>Takes the step; the context's samples are those of the rows.</summary>
    /// <param name="context">The context.</param>
    /// <param name="turn">What is rented at this step; what is to outlive it is kept.</param>
    /// <param name="input">The step's input, [rows, width].</param>
    /// <param name="state">The state before, [rows, state width], which may be changed in place.</param>
    /// <param name="rows">The samples that have the step, one row over all.</param>
    /// <param name="time">Which step it is.</param>
    /// <returns>The state after the step, [rows, state width], with what the layer tells in front.</returns>
    Tensor Take(Context context, WorkspaceScope turn, Tensor input, Tensor state, Selection rows, int time);
}
