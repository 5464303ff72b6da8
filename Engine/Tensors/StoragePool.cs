using System;
using System.Numerics;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// The storages of one element type in a workspace: free ones by size class, live ones in the order in which they were rented.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
internal sealed class StoragePool<T>
    where T : unmanaged
{
    // Four size classes to each power of two: at most a quarter of a block is wasted. The last one is of blocks whose class would exceed 2³¹ − 1
    // elements: each of these is as long as it was asked for, so there one that is long enough must be looked for.
    private const int ClassCount = 32 * 4;
    private const int LastClass = ClassCount - 1;
    private const int SmallestElements = 64;

    private readonly Storage<T>?[][] _free = new Storage<T>?[ClassCount][];
    private readonly int[] _freeCount = new int[ClassCount];
    private Storage<T>?[] _live = new Storage<T>?[64];

    /// <summary>The length of the list of live storages, holes included: the mark that a scope remembers.</summary>
    public int LiveMark { get; private set; }

    /// <summary>Takes a free storage of the right class, or makes one.</summary>
    /// <param name="length">The number of elements.</param>
    /// <param name="newElements">The number of elements allocated anew, 0 when a free storage was found.</param>
    public Storage<T> Rent(int length, out int newElements)
    {
        int sizeClass = ClassOf(length, out int capacity);
        Storage<T> storage;
        int place = FindFree(sizeClass, length);
        if (place >= 0)
        {
            int last = --_freeCount[sizeClass];
            storage = _free[sizeClass][place]!;
            _free[sizeClass][place] = _free[sizeClass][last];
            _free[sizeClass][last] = null;
            newElements = 0;
        }
        else
        {
            storage = new Storage<T>(capacity, zeroed: false);
            newElements = capacity;
        }

        storage.Length = length;
        if (LiveMark == _live.Length)
        {
            Array.Resize(ref _live, _live.Length * 2);
        }

        storage.Slot = LiveMark;
        _live[LiveMark++] = storage;
        return storage;
    }

    /// <summary>Whether a free storage serves this length.</summary>
    /// <param name="length">The number of elements.</param>
    public bool HasFree(int length) => FindFree(ClassOf(length, out _), length) >= 0;

    /// <summary>The capacity that a storage of this length is given.</summary>
    public static int CapacityFor(int length)
    {
        _ = ClassOf(length, out int capacity);
        return capacity;
    }

    /// <summary>Gives one storage back before its scope ends; its place in the list stays as a hole until then.</summary>
    public void Recycle(Storage<T> storage)
    {
        _live[storage.Slot] = null;
        Release(storage);
    }

    /// <summary>Whether a storage is one of those rented here.</summary>
    /// <param name="storage">The storage.</param>
    public bool Holds(Storage<T> storage) => (uint)storage.Slot < (uint)LiveMark && _live[storage.Slot] == storage;

    /// <summary>Moves a storage below a mark, so that it outlives the scope that the mark belongs to.</summary>
    /// <returns>The scope's new mark.</returns>
    public int Keep(Storage<T> storage, int mark)
    {
        int slot = storage.Slot;
        if (slot < mark)
        {
            return mark;
        }

        Storage<T>? other = _live[mark];
        _live[mark] = storage;
        storage.Slot = mark;
        _live[slot] = other;
        if (other is not null)
        {
            other.Slot = slot;
        }

        return mark + 1;
    }

    /// <summary>Gives back every storage rented after a mark.</summary>
    /// <returns>The number of elements given back.</returns>
    public long ReleaseFrom(int mark)
    {
        long elements = 0;
        for (int i = LiveMark - 1; i >= mark; i--)
        {
            if (_live[i] is { } storage)
            {
                elements += storage.Capacity;
                _live[i] = null;
                Release(storage);
            }
        }

        LiveMark = Math.Min(LiveMark, mark);
        return elements;
    }

    /// <summary>Forgets the free storages, so that their memory can be collected.</summary>
    /// <returns>The number of elements forgotten.</returns>
    public long Trim()
    {
        long elements = 0;
        for (int i = 0; i < ClassCount; i++)
        {
            for (int j = 0; j < _freeCount[i]; j++)
            {
                elements += _free[i][j]!.Capacity;
                _free[i][j] = null;
            }

            _freeCount[i] = 0;
        }

        return elements;
    }

    private int FindFree(int sizeClass, int length)
    {
        int place = _freeCount[sizeClass] - 1;
        while (sizeClass == LastClass && place >= 0 && _free[sizeClass][place]!.Capacity < length)
        {
            place--;
        }

        return place;
    }

    private static int ClassOf(int length, out int capacity)
    {
        uint needed = (uint)Math.Max(length, SmallestElements);
        int power = BitOperations.Log2(needed);
        uint quarter = 1u << (power - 2);
        uint steps = (needed - (1u << power) + quarter - 1) / quarter;
        ulong rounded = (1ul << power) + (steps * (ulong)quarter);
        if (rounded > int.MaxValue)
        {
            capacity = length;
            return LastClass;
        }

        capacity = (int)rounded;
        return (power * 4) + (int)steps;
    }

    private void Release(Storage<T> storage)
    {
        storage.Generation++;
        storage.Slot = -1;
        storage.RequiresGradient = false;
        storage.Gradient = null;
        int sizeClass = ClassOf(storage.Capacity, out _);
        ref Storage<T>?[] free = ref _free[sizeClass];
        free ??= new Storage<T>?[8];
        if (_freeCount[sizeClass] == free.Length)
        {
            Array.Resize(ref free, free.Length * 2);
        }

        free[_freeCount[sizeClass]++] = storage;
    }
}
