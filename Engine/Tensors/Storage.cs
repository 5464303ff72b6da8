using System;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// A block of memory that tensors and selections are views of: 64-byte aligned, and followed by padding, so that kernels may read and
/// write whole vectors past the last element of a view.
/// </summary>
/// <remarks>
/// A storage that belongs to a <see cref="Workspace"/> is used again after its scope; its generation then changes, and every view made
/// before refuses to give its span. Gradients are per storage: all views of one storage share one gradient of the same length, which makes
/// reshaping and taking rows free of charge for the tape.
/// </remarks>
/// <typeparam name="T">The element type.</typeparam>
public sealed class Storage<T>
    where T : unmanaged
{
    /// <summary>The number of elements that a view may be rounded up to: the padding behind every storage.</summary>
    public const int PaddingElements = 16;

    private const int AlignmentBytes = 64;

    private readonly T[] _array;
    private readonly int _start;
    private Storage<T>? _gradient;
    private int _gradientGeneration;
    private bool _gradientAwaitsZeros;

    internal Storage(int capacity, bool zeroed)
    {
        int elementBytes = Marshal.SizeOf<T>();
        int slack = AlignmentBytes / elementBytes;
        int length = checked(capacity + PaddingElements + slack);

        // Pinned arrays do not move, so the alignment found here holds for good.
        _array = zeroed ? GC.AllocateArray<T>(length, pinned: true) : GC.AllocateUninitializedArray<T>(length, pinned: true);
        long address = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        long misaligned = address & (AlignmentBytes - 1);
        _start = misaligned == 0 ? 0 : (int)((AlignmentBytes - misaligned) / elementBytes);
        Capacity = capacity;
        Length = capacity;
    }

    /// <summary>The number of elements in use.</summary>
    public int Length { get; internal set; }

    /// <summary>The number of elements that fit.</summary>
    internal int Capacity { get; }

    /// <summary>Counts how often the storage was given back; views remember the value that they were made with.</summary>
    internal int Generation { get; set; }

    /// <summary>The workspace's place of this storage in its list of live storages; −1 for a storage of nobody.</summary>
    internal int Slot { get; set; } = -1;

    /// <summary>Whether the tape follows gradients into this storage.</summary>
    internal bool RequiresGradient { get; set; }

    /// <summary>
    /// The gradient of the loss with respect to this storage, once there is one. One that its workspace has taken back since is none: a
    /// watched tensor may outlive the scope that its gradient was made in.
    /// </summary>
    internal Storage<T>? Gradient
    {
        get
        {
            if (_gradient is null || _gradient.Generation != _gradientGeneration)
            {
                return null;
            }

            if (_gradientAwaitsZeros)
            {
                // Several threads may come here at once: all write the same, and nobody writes anything else meanwhile.
                _gradient.Slice(0, Length).Clear();
                _gradientAwaitsZeros = false;
            }

            return _gradient;
        }

        set
        {
            _gradient = value;
            _gradientGeneration = value?.Generation ?? 0;
            _gradientAwaitsZeros = false;
        }
    }

    /// <summary>Makes the gradient zero, if there is one. The zeros are written only if somebody reads it before all of it is written anew.</summary>
    internal void ClearGradient() => _gradientAwaitsZeros = _gradient is not null;

    /// <summary>The gradient for a caller who writes all of it, if it has been cleared and nothing has been written since; else null.</summary>
    internal Storage<T>? TakeClearedGradient()
    {
        if (!_gradientAwaitsZeros || _gradient is null || _gradient.Generation != _gradientGeneration)
        {
            return null;
        }

        _gradientAwaitsZeros = false;
        return _gradient;
    }

    /// <summary>Whether this storage may be recycled by its workspace; parameters and user data may not.</summary>
    internal bool IsPooled => Slot >= 0;

    internal Span<T> Slice(int offset, int length) => _array.AsSpan(_start + offset, length);
}
