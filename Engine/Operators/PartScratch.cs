using System;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The scratch of parallel work: as many pieces as threads, not as parts. A thread that takes part after part gets the same piece again, which its
/// caches still hold.
/// </summary>
internal readonly struct PartScratch
{
    private readonly Tensor _memory;
    private readonly int _pieces;
    private readonly int _length;

    /// <summary>Rents scratch.</summary>
    /// <param name="context">The context whose threads do the work.</param>
    /// <param name="parts">Parts of the work.</param>
    /// <param name="length">Elements that a part needs.</param>
    public PartScratch(Context context, int parts, int length)
    {
        _pieces = Math.Max(1, Math.Min(parts, context.Workers.Threads));
        _length = length;

        // Behind the pieces, one element for each: 0 if nobody has it.
        _memory = context.Workspace.Rent(new Shape(checked(_pieces * (length + 1))));
        _memory.Span[(_pieces * length)..].Clear();
    }

    /// <summary>Takes a piece that no other part has.</summary>
    /// <param name="piece">Its number, for <see cref="Return"/>.</param>
    public Span<float> Take(out int piece)
    {
        // No more parts than threads run at once, so one is free.
        Span<float> taken = _memory.Span[(_pieces * _length)..];
        piece = 0;
        while (Interlocked.CompareExchange(ref taken[piece], 1, 0) != 0)
        {
            piece = piece + 1 == _pieces ? 0 : piece + 1;
        }

        return _memory.Span.Slice(piece * _length, _length);
    }

    /// <summary>Gives a piece back.</summary>
    /// <param name="piece">Its number.</param>
    public void Return(int piece) => Volatile.Write(ref _memory.Span[(_pieces * _length) + piece], 0);

    /// <summary>Gives the memory back to the workspace, when all parts have ended.</summary>
    /// <param name="context">The context that it was rented from.</param>
    public void Recycle(Context context) => context.Workspace.Recycle(_memory.Storage);
}
