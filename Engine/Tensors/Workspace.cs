using System;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// Memory that a computation uses again and again: tensors are rented from it, and a scope gives back what was rented inside it. Once
/// every size has been seen, renting allocates nothing.
/// </summary>
/// <remarks>
/// A workspace serves one thread at a time. While it is held (a tape records), ending a scope gives nothing back: the tape needs the values
/// until it has run backward; the next scope that ends after the hold gives all of it back.
/// </remarks>
public sealed class Workspace
{
    private const int MaximumDepth = 256;

    private readonly StoragePool<float> _floats = new();
    private readonly StoragePool<int> _integers = new();
    private readonly DerivedLists _lists = new();
    private readonly int[] _floatMarks = new int[MaximumDepth];
    private readonly int[] _integerMarks = new int[MaximumDepth];
    private int _depth;
    private int _holds;

    /// <summary>Makes a workspace.</summary>
    /// <param name="limitBytes">The most memory that the workspace may hold, rented or free, in bytes.</param>
    public Workspace(long limitBytes = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitBytes);
        LimitBytes = limitBytes;
    }

    /// <summary>The most memory that the workspace may hold, in bytes: when what is free stands in the way of what is asked for, it is freed.</summary>
    public long LimitBytes { get; }

    /// <summary>The memory rented now, in bytes.</summary>
    public long LiveBytes { get; private set; }

    /// <summary>The most memory that was rented at once since <see cref="ResetPeak"/>, in bytes.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>The memory that the workspace holds, rented or free, in bytes.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Whether scopes are inert because a tape records.</summary>
    public bool IsHeld => _holds > 0;

    /// <summary>Rents a tensor whose values are undefined; write before reading.</summary>
    /// <param name="shape">The extents.</param>
    /// <exception cref="MemoryLimitException">The limit would be passed; nothing has changed.</exception>
    public Tensor Rent(Shape shape) => new(RentFloats(shape.Count), 0, shape);

    /// <summary>Rents a tensor of zeros.</summary>
    /// <param name="shape">The extents.</param>
    /// <exception cref="MemoryLimitException">The limit would be passed; nothing has changed.</exception>
    public Tensor RentZeros(Shape shape)
    {
        Tensor tensor = Rent(shape);
        tensor.Span.Clear();
        return tensor;
    }

    /// <summary>Rents a tensor and copies values into it.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="values">Row-major, as many as the shape has elements.</param>
    public Tensor RentCopy(Shape shape, ReadOnlySpan<float> values)
    {
        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"{values.Length} values were given for shape {shape}; expected {shape.Count}.", nameof(values));
        }

        Tensor tensor = Rent(shape);
        values.CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>Opens a scope; dispose it to give back what is rented from now on.</summary>
    public WorkspaceScope Enter()
    {
        if (_depth == MaximumDepth)
        {
            throw new InvalidOperationException($"Workspace scopes are nested more than {MaximumDepth} deep.");
        }

        _floatMarks[_depth] = _floats.LiveMark;
        _integerMarks[_depth] = _integers.LiveMark;
        return new WorkspaceScope(this, _depth++);
    }

    /// <summary>
    /// Gives one tensor's storage back before its scope ends; all its views become unusable. Does nothing while the workspace is held, for
    /// a tensor that is not the workspace's, or for none.
    /// </summary>
    /// <param name="tensor">The tensor.</param>
    public void Recycle(Tensor tensor)
    {
        if (!tensor.Exists || IsHeld)
        {
            return;
        }

        Recycle(tensor.Storage);
    }

    /// <summary>Starts counting <see cref="PeakBytes"/> anew from what is rented now.</summary>
    public void ResetPeak() => PeakBytes = LiveBytes;

    /// <summary>Frees the memory that is not rented now.</summary>
    public void Trim()
    {
        _lists.Clear();
        ReservedBytes -= (_floats.Trim() * sizeof(float)) + (_integers.Trim() * sizeof(int));
    }

    internal void Hold() => _holds++;

    internal void Unhold() => _holds--;

    internal void Recycle(Storage<float> storage)
    {
        if (storage.IsPooled)
        {
            LiveBytes -= (long)storage.Capacity * sizeof(float);
            _floats.Recycle(storage);
        }
    }

    internal void Recycle(Storage<int> storage)
    {
        if (storage.IsPooled)
        {
            LiveBytes -= (long)storage.Capacity * sizeof(int);
            _integers.Recycle(storage);
        }
    }

    internal Storage<float> RentFloats(int length)
    {
        MakeRoom((long)StoragePool<float>.CapacityFor(length) * sizeof(float), _floats.HasFree(length));
        Storage<float> storage = _floats.Rent(length, out int newElements);
        Count((long)storage.Capacity * sizeof(float), (long)newElements * sizeof(float));
        return storage;
    }

    internal Storage<int> RentIntegers(int length)
    {
        MakeRoom((long)StoragePool<int>.CapacityFor(length) * sizeof(int), _integers.HasFree(length));
        Storage<int> storage = _integers.Rent(length, out int newElements);
        Count((long)storage.Capacity * sizeof(int), (long)newElements * sizeof(int));
        return storage;
    }

    internal void Keep(Storage<float> storage, int depth)
    {
        if (storage.IsPooled)
        {
            CheckInnermost(depth);
            _floatMarks[depth] = _floats.Keep(storage, _floatMarks[depth]);
        }
    }

    internal void Keep(Storage<int> storage, int depth)
    {
        if (storage.IsPooled)
        {
            CheckInnermost(depth);
            _integerMarks[depth] = _integers.Keep(storage, _integerMarks[depth]);
        }
    }

    /// <summary>A list that was made from another one and has been given to <see cref="AddList"/>, if both are still there.</summary>
    /// <param name="source">What it was made from.</param>
    /// <param name="key">What else it depends on.</param>
    internal Storage<int>? FindList(Storage<int> source, in ListKey key) => _lists.Find(source, in key);

    /// <summary>Lets a list live as long as what it was made from, if that is this workspace's, and be found again.</summary>
    /// <param name="source">What it was made from.</param>
    /// <param name="key">What else it depends on.</param>
    /// <param name="list">The list, rented and complete.</param>
    internal void AddList(Storage<int> source, in ListKey key, Storage<int> list)
    {
        _lists.Add(source, in key, list);
        bool isOwn = _integers.Holds(source);
        for (int depth = _depth - 1; isOwn && depth >= 0 && source.Slot < _integerMarks[depth]; depth--)
        {
            _integerMarks[depth] = _integers.Keep(list, _integerMarks[depth]);
        }
    }

    internal void Leave(int depth)
    {
        CheckInnermost(depth);
        _depth = depth;
        if (IsHeld)
        {
            return;
        }

        LiveBytes -= _floats.ReleaseFrom(_floatMarks[depth]) * sizeof(float);
        LiveBytes -= _integers.ReleaseFrom(_integerMarks[depth]) * sizeof(int);
    }

    private void CheckInnermost(int depth)
    {
        if (depth != _depth - 1)
        {
            throw new InvalidOperationException($"A workspace scope of depth {depth} was used while the innermost one has depth {_depth - 1}; scopes end in reverse order.");
        }
    }

    private void MakeRoom(long bytes, bool isThere)
    {
        if (bytes > LimitBytes - LiveBytes)
        {
            throw new MemoryLimitException($"{bytes} more bytes were asked of a workspace that holds {LiveBytes} of at most {LimitBytes} bytes.");
        }

        if (!isThere && bytes > LimitBytes - ReservedBytes)
        {
            Trim();
        }
    }

    private void Count(long bytes, long newBytes)
    {
        LiveBytes += bytes;
        ReservedBytes += newBytes;
        PeakBytes = Math.Max(PeakBytes, LiveBytes);
    }
}
