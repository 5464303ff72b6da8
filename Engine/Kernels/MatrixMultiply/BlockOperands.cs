namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>What one call of <see cref="BlockKernel"/> reads and writes.</summary>
internal ref struct BlockOperands
{
    /// <summary>Where offset 0 of the input is.</summary>
    public ref float Input;

    /// <summary>Where offset −1 is: the zero row and gathered patch rows, at ~offset.</summary>
    public ref float Extra;

    /// <summary>For each tap, <see cref="BlockKernel.Rows"/> offsets of input rows.</summary>
    public ref int Offsets;

    /// <summary>Elements from the end of a block's offsets to the start of the next block's.</summary>
    public nint OffsetsStep;

    /// <summary>Input channels to take, in a channel walk that is listed.</summary>
    public ref int Channels;

    /// <summary>For each run of channels the first one's place in a tap's weights and how many there are, in a walk along runs.</summary>
    public ref int Runs;

    /// <summary>Runs of a tap.</summary>
    public int RunCount;

    /// <summary>Weights of the first tap and channel.</summary>
    public ref float Panel;

    /// <summary>Elements between the weights of two channels.</summary>
    public nint PanelStep;

    /// <summary>Elements from one panel to the next, where several are taken at once.</summary>
    public nint PanelDistance;

    /// <summary>Elements from the weights that are read to those that are asked for; 0: none are.</summary>
    public nint Ahead;

    /// <summary>
    /// Elements from the weights that are read to those of the panels that come next, of which each block asks for every fourth row, for the second cache.
    /// </summary>
    public nint Later;

    /// <summary>What <see cref="Later"/> grows by from one block to the next.</summary>
    public nint LaterStep;

    /// <summary>Elements between the weights of two taps.</summary>
    public nint TapStep;

    /// <summary>Taps.</summary>
    public int Taps;

    /// <summary>Channels of a tap.</summary>
    public nint ChannelCount;

    /// <summary>The sums of the block: <see cref="BlockKernel.Rows"/> rows of a panel's width.</summary>
    public ref float Tile;

    /// <summary>Whether the sums go on from the tile; otherwise they start at zero.</summary>
    public bool Resumes;

    /// <summary>Whether the sums are finished and go to the output; otherwise to the tile.</summary>
    public bool Finishes;

    /// <summary>Whether the finished sums go to the output as they are.</summary>
    public bool StoresSums;

    /// <summary>Whether each block asks for the lines of the output that it writes.</summary>
    public bool AsksOutput;

    /// <summary>The output, at the first column of the panel.</summary>
    public ref float Output;

    /// <summary>The residual at the same place; without one, the output, so that the reference is always a sound one.</summary>
    public ref float Residual;

    /// <summary>Where each row starts in the output.</summary>
    public ref int OutputRows;

    /// <summary>Factors of the panel's columns.</summary>
    public ref float Scale;

    /// <summary>Summands of the panel's columns.</summary>
    public ref float Shift;

    /// <summary>For each column of the panel all bits set, or none where the output stays as it is; read only if the steps say so.</summary>
    public ref int Masks;

    /// <summary>What is done to the sums as they go to the output.</summary>
    public EpilogueSteps Steps;
}
