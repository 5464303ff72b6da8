using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Autograd;

/// <summary>The gradients of one backward pass, by storage.</summary>
public sealed class Gradients
{
    private readonly Workspace _workspace;

    internal Gradients(Workspace workspace) => _workspace = workspace;

    /// <summary>Whether the gradient of an operation's input is asked for.</summary>
    /// <param name="input">The input; none is allowed.</param>
    public static bool Flows(Tensor input) => input.RequiresGradient;

    /// <summary>The gradient of the loss with respect to an output; zeros when the loss does not depend on it.</summary>
    /// <param name="output">An output of the entry that runs.</param>
    public Tensor Of(Tensor output)
    {
        Storage<float> storage = output.Storage;
        if (storage.Gradient is null)
        {
            storage.Gradient = NewGradient(storage);
            storage.Gradient.Slice(0, storage.Length).Clear();
        }

        return new Tensor(storage.Gradient, output.Offset, output.Shape);
    }

    /// <summary>Where the gradient of an input goes.</summary>
    /// <param name="input">An input for which <see cref="Flows"/> is true.</param>
    /// <param name="accumulate">
    /// True: add to what is there. False: nothing is there yet and every element must be written.
    /// </param>
    /// <returns>The gradient, of the input's shape.</returns>
    public Tensor Into(Tensor input, out bool accumulate)
    {
        Storage<float> storage = input.Storage;
        bool writesAll = input.Count == storage.Length;
        if (writesAll && storage.TakeClearedGradient() is { } cleared)
        {
            accumulate = false;
            return new Tensor(cleared, input.Offset, input.Shape);
        }

        accumulate = true;
        if (storage.Gradient is null)
        {
            storage.Gradient = NewGradient(storage);
            accumulate = !writesAll;
            if (accumulate && storage.IsPooled)
            {
                storage.Gradient.Slice(0, storage.Length).Clear();
            }
        }

        return new Tensor(storage.Gradient, input.Offset, input.Shape);
    }

    private Storage<float> NewGradient(Storage<float> storage) =>
        storage.IsPooled ? _workspace.RentFloats(storage.Length) : new Storage<float>(storage.Length, zeroed: true);
}
