using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Autograd;

/// <summary>
/// Records operations while a network runs and runs them backward: reverse-mode automatic differentiation. It knows no operator; each
/// brings its own <see cref="TapeEntry"/>.
/// </summary>
/// <remarks>
/// From construction to <see cref="Dispose"/> the workspace is held: its scopes give nothing back, because the entries refer to the values.
/// Gradients of parameters add up over backward passes until <see cref="Parameter.ClearGradient"/>; those of intermediate values are given
/// back as soon as the operation that made the value has used them.
/// </remarks>
public sealed class Tape : IDisposable
{
    private readonly Workspace _workspace;
    private readonly List<TapeEntry> _entries = [];
    private bool _disposed;

    /// <summary>Starts recording.</summary>
    /// <param name="workspace">The workspace of the values; it is held until the tape is disposed.</param>
    public Tape(Workspace workspace)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        _workspace = workspace;
        _workspace.Hold();
    }

    /// <summary>The number of operations recorded.</summary>
    public int Count => _entries.Count;

    /// <summary>Asks for the gradient of a tensor that no recorded operation makes, such as an input.</summary>
    /// <param name="tensor">The tensor.</param>
    public static void Watch(Tensor tensor) => tensor.Storage.RequiresGradient = true;

    /// <summary>The gradient of the last backward pass with respect to a watched tensor; no tensor when the loss does not depend on it.</summary>
    /// <param name="tensor">A tensor that was watched.</param>
    public static Tensor GradientOf(Tensor tensor) =>
        tensor.Storage.Gradient is { } gradient ? new Tensor(gradient, tensor.Offset, tensor.Shape) : default;

    /// <summary>Adds an operation; its outputs require gradients from now on.</summary>
    /// <param name="entry">The operation.</param>
    public void Record(TapeEntry entry)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (Tensor output in entry.Outputs)
        {
            output.Storage.RequiresGradient = true;
        }

        _entries.Add(entry);
    }

    /// <summary>Computes the gradients of a scalar loss with respect to all that requires them.</summary>
    /// <param name="loss">One element.</param>
    /// <exception cref="ArgumentException">The loss has more than one element, or does not depend on anything recorded.</exception>
    public void Backward(Tensor loss)
    {
        if (loss.Count != 1)
        {
            throw new ArgumentException($"The loss has shape {loss.Shape}; expected one element.", nameof(loss));
        }

        Backward(loss, [1f]);
    }

    /// <summary>Computes the gradients of Σ output · weights with respect to all that requires them, and empties the tape.</summary>
    /// <param name="output">The tensor to start from.</param>
    /// <param name="weights">The gradient of the loss with respect to it, row-major.</param>
    /// <exception cref="ArgumentException">The weights do not fit, or the output does not depend on anything recorded.</exception>
    public void Backward(Tensor output, ReadOnlySpan<float> weights)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!output.RequiresGradient)
        {
            throw new ArgumentException($"The tensor of shape {output.Shape} does not depend on any parameter or watched tensor.", nameof(output));
        }

        if (weights.Length != output.Count)
        {
            throw new ArgumentException($"{weights.Length} weights were given for shape {output.Shape}; expected {output.Count}.", nameof(weights));
        }

        Gradients gradients = new(_workspace);
        Span<float> seed = gradients.Of(output).Span;
        for (int i = 0; i < weights.Length; i++)
        {
            seed[i] += weights[i];
        }

        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            TapeEntry entry = _entries[i];
            if (HasGradient(entry))
            {
                entry.Backward(gradients);
                GiveBackGradients(entry);
            }
        }

        _entries.Clear();
    }

    /// <summary>Stops recording and lets the workspace's scopes work again.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _entries.Clear();
            _workspace.Unhold();
        }
    }

    private static bool HasGradient(TapeEntry entry)
    {
        foreach (Tensor output in entry.Outputs)
        {
            if (output.Storage.Gradient is not null)
            {
                return true;
            }
        }

        return false;
    }

    // Entries run in reverse order of recording, so every use of these outputs has been seen. A view of a part is left alone: another
    // entry may have made the rest of its storage.
    private void GiveBackGradients(TapeEntry entry)
    {
        foreach (Tensor output in entry.Outputs)
        {
            Storage<float> storage = output.Storage;
            if (storage.IsPooled && output.Count == storage.Length && storage.Gradient is { IsPooled: true } gradient)
            {
                storage.Gradient = null;
                _workspace.Recycle(gradient);
            }
        }
    }
}
