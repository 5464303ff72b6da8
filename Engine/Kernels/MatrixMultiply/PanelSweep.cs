using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// Up to <see cref="SweepRows.Most"/> output rows, cut into blocks, against one panel after another. A panel is taken in pieces that stay in
/// the first cache while all blocks pass; between pieces the sums wait in tiles, so each stays one chain.
/// </summary>
internal ref struct PanelSweep
{
    /// <summary>The most blocks of a sweep: a panel from the second cache is used that often before the next comes.</summary>
    public const int MaximumBlocks = 16;

    /// <summary>The most rows of a sweep of any kind.</summary>
    public const int MaximumRows = MaximumBlocks * BlockKernel.Rows;

    /// <summary>The most panels that <see cref="Multiply"/> takes at once.</summary>
    public const int PanelsTogether = 4;

    // Rows of a panel in one piece: 1024 × 16 columns × 4 bytes = 64 KiB, which a second cache keeps beside inputs and outputs.
    private const int PieceRows = 1024;

    // Rows of four panels that the first cache keeps beside inputs and outputs: 96 × 64 columns × 4 bytes = 24 KiB.
    private const int ShortSum = 96;

    private readonly Span<float> _scale;
    private readonly Span<float> _shift;
    private int _rows;
    private int _blocks;
    private int _smallerRows;
    private int _largerBlocks;

    /// <summary>Makes a sweep of no rows.</summary>
    /// <param name="taps">Taps.</param>
    /// <param name="channels">Channels that the weights of a tap have.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements.</param>
    public PanelSweep(int taps, int channels, Span<float> scratch)
    {
        Taps = taps;
        Channels = channels;
        PanelStep = Panel.Width;
        PanelDistance = Panel.Width * taps * channels;
        Tiles = scratch[..TilesLength];
        scratch = scratch[TilesLength..];
        _scale = scratch[..StepsLength];
        _shift = scratch.Slice(StepsLength, StepsLength);
        // Integers of the same size as the floats whose memory they take.
        Span<int> integers = MemoryMarshal.Cast<float, int>(scratch.Slice(2 * StepsLength, IntegersLength(taps)));
        OutputRows = integers[..RowsLength];
        Offsets = integers[RowsLength..];
    }

    /// <summary>Where offset 0 of the input is.</summary>
    public ref float Input;

    /// <summary>Where offset −1 is, see <see cref="BlockOperands.Extra"/>.</summary>
    public ref float Extra;

    /// <summary>
    /// For each block and tap, <see cref="BlockKernel.Rows"/> offsets, and a vector of slack, so that writers may write whole vectors in order.
    /// </summary>
    public Span<int> Offsets;

    /// <summary>Where each row starts in the output: <see cref="BlockKernel.Rows"/> elements a block, and a vector of slack.</summary>
    public Span<int> OutputRows;

    /// <summary>Where sums wait: <see cref="BlockKernel.Rows"/> rows as wide as the panels that are taken at once, for each block.</summary>
    public Span<float> Tiles;

    /// <summary>Taps.</summary>
    public int Taps;

    /// <summary>Channels that the weights of a tap have.</summary>
    public int Channels;

    /// <summary>Elements between the weights of two channels; the panel's width unless the matrix is not packed.</summary>
    public int PanelStep;

    /// <summary>Elements of all the weights that the sweep is a part of; 0: they are near.</summary>
    public int WeightsLength;

    /// <summary>Elements of the whole output; 0: it is near.</summary>
    public int OutputLength;

    /// <summary>Whether a sweep before this one has used the same weights, so that few of them are far.</summary>
    public bool IsRepeat;

    /// <summary>Elements from one panel to the next; that of packed weights unless set.</summary>
    public int PanelDistance;

    /// <summary>Whether the sums go on from what the output holds instead of zero; columns must then lie side by side.</summary>
    public bool Continues;

    /// <summary>The channels to take, ascending; empty and not <see cref="IsListed"/>: all.</summary>
    public ReadOnlySpan<int> ChannelList;

    /// <summary>Whether only the channels of the list are taken.</summary>
    public bool IsListed;

    /// <summary>Whether the input holds only the channels of the list.</summary>
    public bool IsCompact;

    /// <summary>Pairs of a channel and how many follow: the weights that are taken, for an input that holds just these; empty: all, or those of the list.</summary>
    public ReadOnlySpan<int> Runs;

    /// <summary>Channels of all runs.</summary>
    public int RunDepth;

    /// <summary>Rows of this sweep, spread evenly over its blocks: a block of few rows would leave the processor's pipelines idle.</summary>
    public int Rows
    {
        readonly get => _rows;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, SweepRows.Most);
            _rows = value;
            _blocks = (value + BlockKernel.Rows - 1) / BlockKernel.Rows;
            _smallerRows = _blocks == 0 ? 0 : value / _blocks;
            _largerBlocks = value - (_blocks * _smallerRows);
        }
    }

    /// <summary>Whether a sum of this length is made in pieces.</summary>
    public static bool IsCut(long rowsOfPanel) => rowsOfPanel >= PieceRows + (PieceRows / 2);

    /// <summary>Blocks of this sweep.</summary>
    public readonly int Blocks => _blocks;

    /// <summary>Channels of a tap that are taken.</summary>
    public readonly int Depth => IsListed ? ChannelList.Length : Runs.IsEmpty ? Channels : RunDepth;

    /// <summary>The scratch that a sweep needs, in elements.</summary>
    /// <param name="taps">Taps.</param>
    public static int ScratchLength(int taps) => checked(TilesLength + (2 * StepsLength) + IntegersLength(taps));

    private static int TilesLength => MaximumRows * PanelsTogether * Panel.Width;

    private static int StepsLength => PanelsTogether * Panel.Width;

    private static int RowsLength => SweepRows.Most + Vector<int>.Count;

    private static int IntegersLength(int taps) => RowsLength + (SweepRows.Most * taps) + Vector<int>.Count;

    /// <summary>The first row of a block; of the number of blocks: the number of rows.</summary>
    /// <param name="block">The block.</param>
    public readonly int FirstRow(int block) => (block * _smallerRows) + Math.Min(block, _largerBlocks);

    /// <summary>Sets where the input's rows are, when there is one tap; the parameters are those of <see cref="RowStarts.Write"/>.</summary>
    public readonly void SetInputRows(int first, ReadOnlySpan<int> rows, int step) =>
        RowStarts.Write(Offsets, _blocks, _smallerRows, _largerBlocks, first, rows, step);

    /// <summary>Sets where the output's rows are, in the terms of <see cref="SetInputRows"/>.</summary>
    public readonly void SetOutputRows(int first, ReadOnlySpan<int> rows, int step) =>
        RowStarts.Write(OutputRows, _blocks, _smallerRows, _largerBlocks, first, rows, step);

    /// <summary>
    /// The number of whole panels that <see cref="Multiply"/> takes at once: with one alone, few rows would wait for their own sums, and many
    /// rows would be read twice as often.
    /// </summary>
    /// <param name="columns">The columns that are left.</param>
    public readonly int PanelsAtOnce(int columns)
    {
        if (IsListed || columns < 2 * Panel.Width)
        {
            return 1;
        }

        // Vectors of half a panel's width leave registers for a second panel only where rows are few.
        if (!WideRow.IsSupported)
        {
            return _smallerRows < BlockKernel.Rows / 2 && _largerBlocks == 0 ? 2 : 1;
        }

        // Four panels of long sums would not stay in the first cache from one block to the next; one or two rows of them would wait for each other.
        bool fitsFour = (long)Depth * Taps <= ShortSum || _rows <= 2;
        return fitsFour && columns >= PanelsTogether * Panel.Width ? PanelsTogether : 2;
    }

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
            _scale[columns[i]] = epilogue.Scale.IsEmpty ? 0 : epilogue.Scale[channels[i]];
            _shift[columns[i]] = epilogue.Shift.IsEmpty ? 0 : epilogue.Shift[channels[i]];
        }
    }

    /// <summary>Multiplies all rows with one panel, or several whole ones, and stores the result.</summary>
    /// <param name="panel">The weights, from the first panel's first on.</param>
    /// <param name="columns">The columns that they yield; no more panels than <see cref="PanelsAtOnce"/> said.</param>
    /// <param name="output">The output; each row's columns lie within.</param>
    /// <param name="epilogue">What is done to the sums; its scale and shift are those last taken by <see cref="TakeSteps(in Epilogue, int, int)"/>.</param>
    public readonly void Multiply(ReadOnlySpan<float> panel, in PanelColumns columns, Span<float> output, in Epilogue epilogue)
    {
        int extent = columns.Extent;
        bool direct = columns.AreContiguous && extent > 0 && (extent == Vector<float>.Count || extent % Panel.Width == 0);
        BlockOperands operands = default;
        operands.Offsets = ref MemoryMarshal.GetReference(Offsets);
        operands.PanelStep = PanelStep;
        operands.PanelDistance = PanelDistance;
        operands.TapStep = (nint)PanelStep * Channels;
        WeightRequest request = new(in this);
        operands.Ahead = request.Ahead;
        operands.LaterStep = request.AsksLater ? PanelStep : 0;
        operands.Steps = epilogue.Steps | (columns.AreMasked ? EpilogueSteps.Mask : EpilogueSteps.None);
        operands.Masks = ref MemoryMarshal.GetReference(columns.Masks);
        operands.Runs = ref MemoryMarshal.GetReference(Runs);
        operands.RunCount = Runs.Length / 2;
        operands.Scale = ref MemoryMarshal.GetReference(_scale);
        operands.Shift = ref MemoryMarshal.GetReference(_shift);
        if (direct)
        {
            operands.Output = ref MemoryMarshal.GetReference(output[columns.First..]);
            operands.Residual = ref epilogue.Residual.IsEmpty
                ? ref operands.Output
                : ref MemoryMarshal.GetReference(epilogue.Residual[columns.First..]);
        }

        int depth = Depth;
        long rowsOfPanel = (long)depth * Taps;
        int pieces = 1;
        int tapGroups = 1;
        if (_blocks > 1 && IsCut(rowsOfPanel))
        {
            // Otherwise nothing is used twice, or all of it stays near. Runs of channels are not cut.
            pieces = Runs.IsEmpty ? Math.Max(1, (depth + (PieceRows / 2)) / PieceRows) : 1;
            tapGroups = pieces > 1 ? Taps : (int)Math.Clamp((rowsOfPanel + (PieceRows / 2)) / PieceRows, 1, Taps);
        }

        if (Continues)
        {
            ReadBack(in columns, extent, output);
        }

        for (int group = 0; group < tapGroups; group++)
        {
            int tap = (int)((long)Taps * group / tapGroups);
            operands.Taps = (int)((long)Taps * (group + 1) / tapGroups) - tap;
            for (int piece = 0; piece < pieces; piece++)
            {
                int start = (int)((long)depth * piece / pieces);
                operands.ChannelCount = (int)((long)depth * (piece + 1) / pieces) - start;
                operands.Resumes = Continues || group > 0 || piece > 0;
                bool isLast = group == tapGroups - 1 && piece == pieces - 1;
                operands.Finishes = direct && isLast;
                operands.StoresSums = operands.Finishes && operands.Steps == EpilogueSteps.None;
                operands.AsksOutput = operands.Finishes && OutputRequest.Pays(OutputLength, rowsOfPanel);
                if (request.AsksLater)
                {
                    operands.Later = WeightRequest.Later(in this, in operands, isLast ? Panel.Count(extent) : 0, (tap * Channels) + start);
                }

                SetPiece(ref operands, panel, tap, start);
                Run(ref operands, extent, tap);
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

    // The output's columns as the tiles that the sums go on from.
    private readonly void ReadBack(in PanelColumns columns, int extent, ReadOnlySpan<float> output)
    {
        int step = Math.Max(extent, Panel.Width);
        for (int block = 0; block < _blocks; block++)
        {
            int rows = FirstRow(block + 1) - FirstRow(block);
            for (int row = block * BlockKernel.Rows; row < (block * BlockKernel.Rows) + rows; row++)
            {
                output.Slice(OutputRows[row] + columns.First, columns.Count).CopyTo(Tiles[(row * step)..]);
            }
        }
    }

    private readonly void SetPiece(scoped ref BlockOperands operands, ReadOnlySpan<float> panel, int tap, int start)
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
            operands.Channels = ref MemoryMarshal.GetReference(ChannelList[start..]);
        }
    }

    private readonly void Run(scoped ref BlockOperands operands, int extent, int tap)
    {
        if (extent <= Vector<float>.Count)
        {
            Run<HalfRow>(ref operands, tap);
        }
        else if (!WideRow.IsSupported && extent > Panel.Width)
        {
            RunUnlisted<PairRow<FullRow>>(ref operands, tap);
        }
        else if (!WideRow.IsSupported)
        {
            Run<FullRow>(ref operands, tap);
        }
        else if (extent > 2 * Panel.Width)
        {
            RunUnlisted<QuadRow>(ref operands, tap);
        }
        else if (extent > Panel.Width)
        {
            RunUnlisted<PairRow<WideRow>>(ref operands, tap);
        }
        else
        {
            Run<WideRow>(ref operands, tap);
        }
    }

    private readonly void RunUnlisted<TRow>(scoped ref BlockOperands operands, int tap)
        where TRow : struct, IPanelRow<TRow>
    {
        if (Runs.IsEmpty)
        {
            Run<TRow, AllChannels>(ref operands, tap);
        }
        else
        {
            Run<TRow, RunsOfChannels>(ref operands, tap);
        }
    }

    private readonly void Run<TRow>(scoped ref BlockOperands operands, int tap)
        where TRow : struct, IPanelRow<TRow>
    {
        if (!IsListed)
        {
            RunUnlisted<TRow>(ref operands, tap);
        }
        else if (IsCompact)
        {
            Run<TRow, CompactChannels>(ref operands, tap);
        }
        else
        {
            Run<TRow, ListedChannels>(ref operands, tap);
        }
    }

    private readonly void Run<TRow, TWalk>(scoped ref BlockOperands operands, int tap)
        where TRow : struct, IPanelRow<TRow>
        where TWalk : struct, IChannelWalk
    {
        // The spans hold the blocks of the most rows, and the setter of Rows allows no more.
        operands.Offsets = ref Unsafe.Add(ref MemoryMarshal.GetReference(Offsets), tap * BlockKernel.Rows);
        operands.OffsetsStep = BlockKernel.Rows * (Taps - operands.Taps);
        operands.OutputRows = ref MemoryMarshal.GetReference(OutputRows);
        operands.Tile = ref MemoryMarshal.GetReference(Tiles);
        if (_largerBlocks > 0)
        {
            BlockKernel.Run<TRow, TWalk>(ref operands, _smallerRows + 1, _largerBlocks);
        }

        if (_blocks > _largerBlocks)
        {
            BlockKernel.Run<TRow, TWalk>(ref operands, _smallerRows, _blocks - _largerBlocks);
        }
    }
}
