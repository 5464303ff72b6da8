namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>Which weights a sweep asks for before it reads them.</summary>
internal readonly struct WeightRequest
{
    // How far ahead weights are asked for: a hundred nanoseconds, at a row of a panel each six cycles or less.
    private const int RowsAhead = 48;

    // 16 MiB of weights: more than the last cache keeps beside other data. From that cache one or two rows get them fast enough unasked.
    private const int FarLength = 1 << 22;

    // 1 MiB of weights: what a second cache keeps from one sweep to the next.
    private const int NearLength = 1 << 18;

    /// <summary>Decides.</summary>
    /// <param name="sweep">The sweep.</param>
    public WeightRequest(in PanelSweep sweep)
    {
        bool asks = (sweep.Rows > 2 || sweep.WeightsLength > FarLength) && (long)sweep.Channels * sweep.Taps > RowsAhead;
        Ahead = asks ? (nint)sweep.PanelStep * RowsAhead : 0;

        // The first block would wait for most of what comes from beyond the second cache, while those behind it ask for nothing.
        AsksLater = asks && sweep.Blocks > 1 && sweep.WeightsLength > (sweep.IsRepeat ? NearLength : 0);
    }

    /// <summary>Elements from the weights that are read to those that are asked for; 0: none are.</summary>
    public nint Ahead { get; }

    /// <summary>Whether each block asks for some of the weights that all blocks read next.</summary>
    public bool AsksLater { get; }

    /// <summary>Elements from the weights of a piece to those of the next one.</summary>
    /// <param name="sweep">The sweep.</param>
    /// <param name="piece">The piece: its taps and channels.</param>
    /// <param name="panels">The panels taken at once, if the next piece is the first of other panels; otherwise 0.</param>
    /// <param name="row">The piece's first row of a panel.</param>
    public static nint Later(in PanelSweep sweep, in BlockOperands piece, int panels, int row)
    {
        nint rows = piece.Taps == 1 ? piece.ChannelCount : piece.Taps * (nint)sweep.Channels;
        return panels > 0 ? ((nint)sweep.PanelDistance * panels) - ((nint)row * sweep.PanelStep) : rows * sweep.PanelStep;
    }
}
