using System;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Autograd;

/// <summary>
/// One recorded operation: holds what its backward pass needs, and adds the gradient of its outputs, times its derivative, to its
/// inputs. An operator has its own sealed entry, made only while a tape records.
/// </summary>
public abstract class TapeEntry
{
    private readonly Tensor[] _outputs;

    /// <summary>Makes an entry.</summary>
    /// <param name="outputs">What the operation made; gradients will flow into them.</param>
    protected TapeEntry(params ReadOnlySpan<Tensor> outputs) => _outputs = outputs.ToArray();

    /// <summary>What the operation made.</summary>
    public ReadOnlySpan<Tensor> Outputs => _outputs;

    /// <summary>Adds this operation's share to the gradients of its inputs.</summary>
    /// <param name="gradients">Gives the gradient of an output, and the place where an input's gradient goes.</param>
    public abstract void Backward(Gradients gradients);
}
