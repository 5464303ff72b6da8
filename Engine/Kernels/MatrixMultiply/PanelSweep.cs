using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Up to <see cref="MaximumRows"/> output rows, cut into blocks, against one panel after another. A panel is taken in pieces that stay in
/// the first cache while all blocks pass; between pieces the sums wait in tiles, so each stays one chain.
/// </summary>
internal ref struct PanelSweep
{
    /// <summary>The most blocks of a sweep: a panel from the second cache is used that often before the next comes.</summary>
    public const int MaximumBlocks = 16;

    /// <summary>The most rows of a sweep.</summary>
    public const int MaximumRows = MaximumBlocks * BlockKernel.Rows;

    // Weights of one piece: 256 channels × 16 columns × 4 bytes = 16 KiB, half of a first cache.
    private const int PieceChannels = 256;

    private readonly Span<float> _scale;
    private readonly Span<float> _shift;
    private int _rows;
    private int _blocks;

    /// <summary>Makes a sweep of no rows.</summary>
    /// <param name="taps">Taps.</param>
    /// <param name="channels">Channels that the weights of a tap have.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements.</param>
    public PanelSweep(int taps, int channels, Span<float> scratch)
    {
        Taps = taps;
        Channels = channels;
        PanelStep = Panel.Width;
        int tiles = MaximumRows * Panel.Width;
        Tiles = scratch[..tiles];
        _scale = scratch.Slice(tiles, Panel.Width);
        _shift = scratch.Slice(tiles + Panel.Width, Panel.Width);
        // Integers of the same size as the floats whose memory they take.
        Span<int> integers = MemoryMarshal.Cast<float, int>(scratch.Slice(tiles + (2 * Panel.Width), MaximumRows * (taps + 1)));
        OutputRows = integers[..MaximumRows];
        Offsets = integers[MaximumRows..];
    }

    /// <summary>Where offset 0 of the input is.</summary>
    public ref float Input;

    /// <summary>Where offset −1 is, see <see cref="BlockOperands.Extra"/>.</summary>
    public ref float Extra;

    /// <summary>For each block and tap, <see cref="BlockKernel.Rows"/> offsets.</summary>
    public Span<int> Offsets;

    /// <summary>Where each row starts in the output: <see cref="MaximumRows"/> elements, <see cref="BlockKernel.Rows"/> a block.</summary>
    public Span<int> OutputRows;

    /// <summary>Where sums wait: <see cref="BlockKernel.Rows"/> rows of a panel's width for each block.</summary>
    public Span<float> Tiles;

    /// <summary>Taps.</summary>
    public int Taps;

    /// <summary>Channels that the weights of a tap have.</summary>
    public int Channels;

    /// <summary>Elements between the weights of two channels; the panel's width unless the matrix is not packed.</summary>
    public int PanelStep;

    /// <summary>The channels to take, ascending; empty and not <see cref="IsListed"/>: all.</summary>
    public ReadOnlySpan<int> ChannelList;

    /// <summary>Whether only the channels of the list are taken.</summary>
    public bool IsListed;

    /// <summary>Whether the input holds only the channels of the list.</summary>
    public bool IsCompact;

    /// <summary>Rows of this sweep, spread evenly over its blocks: a block of few rows would leave the processor's pipelines idle.</summary>
    public int Rows
    {
        readonly get => _rows;
        set
        {
            _rows = value;
            _blocks = (value + BlockKernel.Rows - 1) / BlockKernel.Rows;
        }
    }

    /// <summary>Blocks of this sweep.</summary>
    public readonly int Blocks => _blocks;

    /// <summary>The scratch that a sweep needs, in elements.</summary>
    /// <param name="taps">Taps.</param>
    public static int ScratchLength(int taps) => checked((MaximumRows * (taps + 1 + Panel.Width)) + (2 * Panel.Width));

    /// <summary>The first row of a block; of the number of blocks: the number of rows.</summary>
    /// <param name="block">The block.</param>
    public readonly int FirstRow(int block) => (block * (_rows / _blocks)) + Math.Min(block, _rows % _blocks);

    /// <summary>Sets rows side by side as input of the only tap.</summary>
    /// <param name="first">The first row.</param>
    /// <param name="step">Elements between two rows.</param>
    public readonly void SetInputRows(int first, int step) => SetRows(Offsets, first, default, step);

    /// <summary>Sets where the output's rows are.</summary>
    /// <param name="first">The first row, when they lie side by side.</param>
    /// <param name="rows">The rows one by one; empty: they lie side by side.</param>
    /// <param name="step">Elements between two rows.</param>
    public readonly void SetOutputRows(int first, ReadOnlySpan<int> rows, int step) => SetRows(OutputRows, first, rows, step);

    /// <summary>Takes the scale and shift of channels side by side for the panel's first columns.</summary>
    /// <param name="epilogue">Where they come from.</param>
    /// <param name="first">The channel of the panel's first column.</param>
    /// <param name="count">The number of columns.</param>
    public readonly void TakeSteps(in Epilogue epilogue, int first, int count)
    {
        if (!epilogue.Scale.IsEmpty)
        {
            epilogue.Scale.Slice(first, count).CopyTo(_scale);
        }

        if (!epilogue.Shift.IsEmpty)
        {
            epilogue.Shift.Slice(first, count).CopyTo(_shift);
        }
    }

    /// <summary>Takes the scale and shift of listed channels.</summary>
    /// <param name="epilogue">Where they come from.</param>
    /// <param name="columns">Columns of the panel.</param>
    /// <param name="channels">Their channels.</param>
    public readonly void TakeSteps(in Epilogue epilogue, ReadOnlySpan<int> columns, ReadOnlySpan<int> channels)
    {
        for (int i = 0; i < columns.Length; i++)
        {
            if (!epilogue.Scale.IsEmpty)
            {
                _scale[columns[i]] = epilogue.Scale[channels[i]];
            }

            if (!epilogue.Shift.IsEmpty)
            {
                _shift[columns[i]] = epilogue.Shift[channels[i]];
            }
        }
    }

    /// <summary>Multiplies all rows with one panel and stores the result.</summary>
    /// <param name="panel">The weights, from the panel's first on.</param>
    /// <param name="columns">The columns that it yields.</param>
    /// <param name="output">The output; each row's columns lie within.</param>
    /// <param name="epilogue">What is done to the sums; its scale and shift are those last taken by <see cref="TakeSteps(in Epilogue, int, int)"/>.</param>
    public readonly void Multiply(ReadOnlySpan<float> panel, in PanelColumns columns, Span<float> output, in Epilogue epilogue)
    {
        int vectors = columns.Extent > Vector<float>.Count ? 2 : 1;
        bool direct = columns.AreContiguous && columns.Count == vectors * Vector<float>.Count;
        BlockOperands operands = default;
        operands.Offsets = ref MemoryMarshal.GetReference(Offsets);
        operands.PanelStep = PanelStep;
        operands.TapStep = (nint)PanelStep * Channels;
        operands.Steps = epilogue.Steps;
        operands.Scale = ref MemoryMarshal.GetReference(_scale);
        operands.Shift = ref MemoryMarshal.GetReference(_shift);
        if (direct)
        {
            operands.Output = ref MemoryMarshal.GetReference(output[columns.First..]);
            operands.Residual = ref epilogue.Residual.IsEmpty
                ? ref operands.Output
                : ref MemoryMarshal.GetReference(epilogue.Residual[columns.First..]);
        }

        int depth = IsListed ? ChannelList.Length : Channels;
        int pieces = Math.Max(1, (depth + PieceChannels - 1) / PieceChannels);
        int pieceTaps = pieces > 1 ? 1 : Math.Min(Taps, Math.Max(1, PieceChannels / Math.Max(1, depth)));
        if (_blocks <= 1)
        {
            pieces = 1;
            pieceTaps = Taps;
        }

        for (int tap = 0; tap < Taps; tap += pieceTaps)
        {
            operands.Taps = Math.Min(pieceTaps, Taps - tap);
            for (int piece = 0; piece < pieces; piece++)
            {
                int start = (int)((long)depth * piece / pieces);
                int end = (int)((long)depth * (piece + 1) / pieces);
                operands.Resumes = tap > 0 || piece > 0;
                operands.Finishes = direct && tap + operands.Taps == Taps && piece == pieces - 1;
                operands.ChannelCount = end - start;
                SetPiece(ref operands, panel, tap, start, depth);
                for (int block = 0; block < _blocks; block++)
                {
                    SetBlock(ref operands, block, tap);
                    Run(ref operands, vectors, FirstRow(block + 1) - FirstRow(block));
                }
            }
        }

        if (!direct)
        {
            TileStore store = new(output, in columns, in epilogue, _scale, _shift);
            for (int block = 0; block < _blocks; block++)
            {
                int rows = FirstRow(block + 1) - FirstRow(block);
                int first = block * BlockKernel.Rows;
                store.Store(Tiles.Slice(first * Panel.Width, rows * Panel.Width), OutputRows.Slice(first, rows));
            }
        }
    }

    private readonly void SetRows(Span<int> target, int first, ReadOnlySpan<int> rows, int step)
    {
        for (int block = 0, row = 0; block < _blocks; block++)
        {
            int start = block * BlockKernel.Rows;
            for (int end = start + FirstRow(block + 1) - row; start < end; start++, row++)
            {
                target[start] = (rows.IsEmpty ? first + row : rows[row]) * step;
            }
        }
    }

    private readonly void SetPiece(scoped ref BlockOperands operands, ReadOnlySpan<float> panel, int tap, int start, int depth)
    {
        // A listed walk finds its own weights from the channel, any other starts at those of the piece.
        int skipped = IsListed ? 0 : start;
        long weight = ((long)tap * Channels) + skipped;
        operands.Panel = ref Unsafe.Add(ref MemoryMarshal.GetReference(panel), (nint)(weight * PanelStep));
        int input = IsListed && !IsCompact ? 0 : start;
        operands.Input = ref Unsafe.Add(ref Input, input);
        operands.Extra = ref Unsafe.Add(ref Extra, input);
        if (IsListed)
        {
            operands.Channels = ref MemoryMarshal.GetReference(ChannelList.Slice(start, Math.Min(depth, ChannelList.Length) - start));
        }
    }

    private readonly void SetBlock(scoped ref BlockOperands operands, int block, int tap)
    {
        int first = block * BlockKernel.Rows;
        operands.Offsets = ref MemoryMarshal.GetReference(Offsets[((first * Taps) + (tap * BlockKernel.Rows))..]);
        operands.OutputRows = ref MemoryMarshal.GetReference(OutputRows[first..]);
        operands.Tile = ref MemoryMarshal.GetReference(Tiles[(first * Panel.Width)..]);
    }

    private readonly void Run(scoped ref BlockOperands operands, int vectors, int rows)
    {
        if (!IsListed)
        {
            Run<AllChannels>(ref operands, vectors, rows);
        }
        else if (IsCompact)
        {
            Run<CompactChannels>(ref operands, vectors, rows);
        }
        else
        {
            Run<ListedChannels>(ref operands, vectors, rows);
        }
    }

    private static void Run<TWalk>(scoped ref BlockOperands operands, int vectors, int rows)
        where TWalk : struct, IChannelWalk
    {
        if (vectors == 1)
        {
            BlockKernel.Run<Extent1, TWalk>(ref operands, rows);
        }
        else
        {
            BlockKernel.Run<Extent2, TWalk>(ref operands, rows);
        }
    }
}
