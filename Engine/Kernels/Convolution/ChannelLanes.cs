using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// Which lanes of which vectors a list of channels takes: moves channels of a row side by side, or back to their places, a vector at a time.
/// </summary>
/// <remarks>
/// The last vector of a row ends with its last channel and so may overlap the one before; each channel belongs to one of them only. A row must
/// be as wide as a vector at least.
/// </remarks>
internal readonly ref struct ChannelLanes
{
    // Of each vector: the first channel, and the place of its first listed channel in the list.
    private const int Fields = 2;

    // Rows of few channels lie lines apart, which the processor does not follow by itself.
    private const int RowsAhead = 16;

    private readonly Span<int> _fields;
    private readonly Span<int> _lanes;
    private readonly Span<int> _places;
    private readonly Span<int> _masks;

    /// <summary>Finds the lanes.</summary>
    /// <param name="channels">Ascending.</param>
    /// <param name="universe">Channels of a row, at least a vector.</param>
    /// <param name="memory">At least <see cref="Length"/> integers.</param>
    public ChannelLanes(ReadOnlySpan<int> channels, int universe, Span<int> memory)
    {
        int lanes = Vector<int>.Count;
        int vectors = (universe + lanes - 1) / lanes;
        Universe = universe;
        Count = channels.Length;
        _fields = memory[..(vectors * Fields)];
        _lanes = memory.Slice(vectors * Fields, vectors * lanes);
        _places = memory.Slice(vectors * (Fields + lanes), vectors * lanes);
        _masks = memory.Slice(vectors * (Fields + (2 * lanes)), vectors * lanes);
        memory[..Length(universe)].Clear();
        int used = 0;
        for (int rank = 0; rank < channels.Length;)
        {
            int vector = channels[rank] / lanes;
            int first = Math.Min(vector * lanes, universe - lanes);
            _fields[used * Fields] = first;
            _fields[(used * Fields) + 1] = rank;
            for (int i = 0; rank < channels.Length && channels[rank] / lanes == vector; i++, rank++)
            {
                int lane = channels[rank] - first;
                _lanes[(used * lanes) + i] = lane;
                _places[(used * lanes) + lane] = i;
                _masks[(used * lanes) + lane] = -1;
            }

            used++;
        }

        Vectors = used;
    }

    /// <summary>Vectors that hold a listed channel.</summary>
    public int Vectors { get; }

    /// <summary>Channels of a row.</summary>
    public int Universe { get; }

    /// <summary>Listed channels.</summary>
    public int Count { get; }

    /// <summary>Integers of memory.</summary>
    /// <param name="universe">Channels of a row.</param>
    public static int Length(int universe)
    {
        int lanes = Vector<int>.Count;
        return checked((universe + lanes - 1) / lanes * (Fields + (3 * lanes)));
    }

    /// <summary>Moves the listed channels of rows side by side.</summary>
    /// <param name="source">Whole rows.</param>
    /// <param name="target">Rows of <see cref="Count"/>, and a vector of slack, which is overwritten.</param>
    public void Gather(ReadOnlySpan<float> source, Span<float> target)
    {
        int rows = source.Length / Universe;
        // Each vector of a row lies within it, and each is stored at a place of the row's listed channels, so it ends within the slack at most.
        ref float from = ref MemoryMarshal.GetReference(source[..(rows * Universe)]);
        ref float to = ref MemoryMarshal.GetReference(target[..((rows * Count) + Vector<float>.Count)]);
        for (int row = 0; row < rows; row++)
        {
            GatherRow(ref from, ref to, RowsAhead * (nint)Universe);
            from = ref Unsafe.Add(ref from, Universe);
            to = ref Unsafe.Add(ref to, Count);
        }
    }

    // One row, whole, to as many as are listed and a vector of slack; the row some elements ahead is asked for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void GatherRow(ref float source, ref float target, nint ahead)
    {
        ref int fields = ref MemoryMarshal.GetReference(_fields);
        ref int lanes = ref MemoryMarshal.GetReference(_lanes);
        for (int vector = 0; vector < Vectors; vector++)
        {
            Prefetch.Line(ref source, fields + ahead);
            Vector<float> value = Vector.LoadUnsafe(ref Unsafe.Add(ref source, fields));
            Shuffle(value, Vector.LoadUnsafe(ref lanes)).StoreUnsafe(ref Unsafe.Add(ref target, Unsafe.Add(ref fields, 1)));
            fields = ref Unsafe.Add(ref fields, Fields);
            lanes = ref Unsafe.Add(ref lanes, Vector<int>.Count);
        }
    }

    /// <summary>Moves what lies side by side to the places of the listed channels, or adds it to what is there.</summary>
    /// <param name="source">Rows of <see cref="Count"/>, and a vector of slack.</param>
    /// <param name="target">Whole rows; other channels stay as they are.</param>
    /// <param name="add">Whether to add.</param>
    public void Scatter(ReadOnlySpan<float> source, Span<float> target, bool add)
    {
        int rows = target.Length / Universe;

        // As in Gather: each vector of a row lies within it, and each is read from a place of the row's listed channels.
        ref float from = ref MemoryMarshal.GetReference(source[..((rows * Count) + Vector<float>.Count)]);
        ref float to = ref MemoryMarshal.GetReference(target[..(rows * Universe)]);
        for (int vector = 0; vector < Vectors; vector++)
        {
            Vector<int> places = new(_places[(vector * Vector<int>.Count)..]);
            Vector<int> mask = new(_masks[(vector * Vector<int>.Count)..]);
            ref float read = ref Unsafe.Add(ref from, _fields[(vector * Fields) + 1]);
            ref float written = ref Unsafe.Add(ref to, _fields[vector * Fields]);
            for (int row = 0; row < rows; row++)
            {
                Vector<float> old = Vector.LoadUnsafe(ref written);
                Vector<float> value = Shuffle(Vector.LoadUnsafe(ref read), places);
                Vector.ConditionalSelect(mask, add ? old + value : value, old).StoreUnsafe(ref written);
                read = ref Unsafe.Add(ref read, Count);
                written = ref Unsafe.Add(ref written, Universe);
            }
        }
    }

    /// <summary>Moves the listed columns of one row of packed panels side by side.</summary>
    /// <param name="packed">The row in the first panel.</param>
    /// <param name="step">Elements from a panel to the next.</param>
    /// <param name="target">As many as are listed, rounded up to whole panels, the rest zero; and a vector of slack.</param>
    public void GatherPanels(ReadOnlySpan<float> packed, int step, Span<float> target)
    {
        int width = Panel.Width;
        Span<float> parts = stackalloc float[Vector<float>.Count];
        for (int vector = 0; vector < Vectors; vector++)
        {
            // Panels hold whole vectors: the last, which may begin between two of a panel, is taken from its parts.
            int channel = _fields[vector * Fields];
            int column = channel % width;
            ReadOnlySpan<float> panel = packed[(channel / width * step)..];
            Vector<float> value;
            if (column + Vector<float>.Count <= width)
            {
                value = new Vector<float>(panel[column..]);
            }
            else
            {
                panel[column..width].CopyTo(parts);
                packed.Slice(((channel / width) + 1) * step, parts.Length - (width - column)).CopyTo(parts[(width - column)..]);
                value = new Vector<float>(parts);
            }

            Vector<int> lanes = new(_lanes[(vector * Vector<int>.Count)..]);
            Shuffle(value, lanes).CopyTo(target[_fields[(vector * Fields) + 1]..]);
        }

        target[Count..((Count + width - 1) / width * width)].Clear();
    }

    /// <summary>Asks the processor for the places of the listed channels.</summary>
    /// <param name="output">The output.</param>
    /// <param name="starts">Where each row begins there.</param>
    public void Ask(Span<float> output, ReadOnlySpan<int> starts)
    {
        ref float target = ref MemoryMarshal.GetReference(output);
        for (int vector = 0; vector < Vectors; vector++)
        {
            int channel = _fields[vector * Fields];
            foreach (int start in starts)
            {
                Prefetch.Line(ref target, start + channel);
            }
        }
    }

    /// <summary>Takes sums that lie side by side through the epilogue to the places of their channels.</summary>
    /// <param name="sums">Rows of as many as are listed, and a vector of slack.</param>
    /// <param name="width">From a row of sums to the next.</param>
    /// <param name="output">The output.</param>
    /// <param name="starts">Where each row begins there, ascending.</param>
    /// <param name="epilogue">What is done to the sums.</param>
    /// <param name="ownsRows">Whether nobody else writes to these rows meanwhile, so that what stands between the channels may be written back.</param>
    public void Scatter(ReadOnlySpan<float> sums, int width, Span<float> output, ReadOnlySpan<int> starts, in Epilogue epilogue, bool ownsRows)
    {
        // Each vector lies within its row, the last row within the output and the others before it; scale and shift are as long as a row, the
        // residual as the output.
        EpilogueSteps steps = epilogue.Steps;
        ref float target = ref MemoryMarshal.GetReference(output[..(starts[^1] + Universe)]);
        ref float residual = ref epilogue.Residual.IsEmpty ? ref target : ref MemoryMarshal.GetReference(epilogue.Residual);
        sums = sums[..(((starts.Length - 1) * width) + Count + Vector<float>.Count)];
        for (int vector = 0; vector < Vectors; vector++)
        {
            int channel = _fields[vector * Fields];
            Vector<int> places = new(_places[(vector * Vector<int>.Count)..]);
            Vector<int> mask = new(_masks[(vector * Vector<int>.Count)..]);
            bool isWhole = Vector.EqualsAll(mask, Vector<int>.AllBitsSet);
            ref float scale = ref Unsafe.Add(ref MemoryMarshal.GetReference(epilogue.Scale), channel);
            ref float shift = ref Unsafe.Add(ref MemoryMarshal.GetReference(epilogue.Shift), channel);
            ref float from = ref MemoryMarshal.GetReference(sums[_fields[(vector * Fields) + 1]..]);
            if (isWhole && steps == EpilogueSteps.None)
            {
                foreach (int start in starts)
                {
                    Vector.LoadUnsafe(ref from).StoreUnsafe(ref target, (nuint)(start + channel));
                    from = ref Unsafe.Add(ref from, width);
                }

                continue;
            }

            for (int row = 0; row < starts.Length; row++)
            {
                nint at = starts[row] + channel;
                ref float to = ref Unsafe.Add(ref target, at);
                Vector<float> sum = Vector.LoadUnsafe(ref Unsafe.Add(ref from, (nint)row * width));
                sum = isWhole ? sum : Shuffle(sum, places);
                sum = steps == EpilogueSteps.None ? sum : Epilogue.Apply(steps, sum, ref scale, ref shift, ref Unsafe.Add(ref residual, at));
                if (isWhole)
                {
                    sum.StoreUnsafe(ref to);
                }
                else if (ownsRows)
                {
                    Vector.ConditionalSelect(mask, sum, Vector.LoadUnsafe(ref to)).StoreUnsafe(ref to);
                }
                else
                {
                    Store(sum, mask, ref to);
                }
            }
        }
    }

    private static void Store(Vector<float> sum, Vector<int> mask, ref float target)
    {
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            if (mask[lane] != 0)
            {
                Unsafe.Add(ref target, lane) = sum[lane];
            }
        }
    }

    // Every index is that of a lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Shuffle(Vector<float> value, Vector<int> lanes)
    {
        if (Vector<float>.Count == Vector128<float>.Count)
        {
            return Vector128.ShuffleNative(value.AsVector128(), lanes.AsVector128()).AsVector();
        }

        if (Vector<float>.Count == Vector256<float>.Count)
        {
            return Vector256.ShuffleNative(value.AsVector256(), lanes.AsVector256()).AsVector();
        }

        if (Vector<float>.Count == Vector512<float>.Count)
        {
            return Vector512.ShuffleNative(value.AsVector512(), lanes.AsVector512()).AsVector();
        }

        Span<float> moved = stackalloc float[Vector<float>.Count];
        for (int lane = 0; lane < moved.Length; lane++)
        {
            moved[lane] = value[lanes[lane]];
        }

        return new Vector<float>(moved);
    }
}
