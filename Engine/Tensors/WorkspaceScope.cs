using System;

namespace ManagedDyn.Engine.Tensors;

/// <summary>The time between <see cref="Workspace.Enter"/> and <see cref="Dispose"/>, at the end of which what was rented is given back.</summary>
public readonly ref struct WorkspaceScope : IDisposable
{
    private readonly Workspace _workspace;
    private readonly int _depth;

    internal WorkspaceScope(Workspace workspace, int depth)
    {
        _workspace = workspace;
        _depth = depth;
    }

    /// <summary>Hands a tensor to the enclosing scope, so that it lives on when this one ends. This must be the innermost scope.</summary>
    /// <param name="tensor">The tensor; one that is not the workspace's is left as it is.</param>
    /// <returns>The same tensor.</returns>
    public Tensor Keep(Tensor tensor)
    {
        _workspace.Keep(tensor.Storage, _depth);
        return tensor;
    }

    /// <summary>Hands a block of integers, such as a selection's, to the enclosing scope.</summary>
    /// <param name="storage">The block.</param>
    internal void Keep(Storage<int> storage) => _workspace.Keep(storage, _depth);

    /// <summary>Gives back what was rented in this scope and not kept.</summary>
    public void Dispose() => _workspace.Leave(_depth);
}
