using System;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The weights between chosen channels where they lie in those between all: runs of input channels, and whole panels of output channels. A convolution of just
/// these multiplies from there, and no weight is moved. The default value is all of them.
/// </summary>
internal readonly ref struct WeightPick
{
    // Shorter runs spend more on the change from one to the next than on moving the weights side by side.
    private const int LeastRun = 8;

    /// <summary>Takes lists that <see cref="Make"/> made.</summary>
    /// <param name="runs">See <see cref="Runs"/>.</param>
    /// <param name="panels">See <see cref="Panels"/>.</param>
    /// <param name="channels">See <see cref="Channels"/>.</param>
    /// <param name="panelCount">See <see cref="PanelCount"/>.</param>
    public WeightPick(ReadOnlySpan<int> runs, ReadOnlySpan<int> panels, int channels, int panelCount)
    {
        Runs = runs;
        Panels = panels;
        Channels = channels;
        PanelCount = panelCount;
    }

    /// <summary>Pairs of a channel and how many follow; empty: all.</summary>
    public ReadOnlySpan<int> Runs { get; }

    /// <summary>For each panel that is computed its place among all; empty: all.</summary>
    public ReadOnlySpan<int> Panels { get; }

    /// <summary>Input channels of the weights; 0: nothing is picked.</summary>
    public int Channels { get; }

    /// <summary>Panels of the weights.</summary>
    public int PanelCount { get; }

    /// <summary>Whether nothing is picked.</summary>
    public bool IsAll => Channels == 0;

    /// <summary>Whether output channels are all, or whole panels of them.</summary>
    /// <param name="outs">Output channels.</param>
    public static bool ArePanels(in ActiveList outs)
    {
        ReadOnlySpan<int> list = outs.Indices;
        int width = Panel.Width;
        if (list.Length % width != 0)
        {
            return false;
        }

        for (int i = 0; i < list.Length; i += width)
        {
            if (list[i] % width != 0 || list[i + width - 1] - list[i] != width - 1)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the weights can be taken where they are, without more steps than it saves.</summary>
    /// <param name="ins">Input channels.</param>
    /// <param name="outs">Output channels.</param>
    public static bool Suits(in ActiveList ins, in ActiveList outs)
    {
        ReadOnlySpan<int> list = ins.Indices;
        return ArePanels(in outs) && (!ins.IsListed || (!list.IsEmpty && CountRuns(list) * LeastRun <= list.Length));
    }

    /// <summary>Integers of memory for <see cref="Make"/>, at most.</summary>
    /// <param name="ins">Input channels there are.</param>
    /// <param name="outs">Output channels there are.</param>
    /// <param name="repeats">Kernel columns that are one tap.</param>
    public static int MemoryLength(int ins, int outs, int repeats) => (2 * repeats * ((ins / LeastRun) + 1)) + Panel.Count(outs);

    /// <summary>Lists what is picked.</summary>
    /// <param name="ins">Input channels, which suit.</param>
    /// <param name="inCount">Input channels there are.</param>
    /// <param name="outs">Output channels, which suit.</param>
    /// <param name="outCount">Output channels there are.</param>
    /// <param name="repeats">Kernel columns that are one tap: the runs come again for each of them.</param>
    /// <param name="memory">At least <see cref="MemoryLength"/> elements; holds the lists.</param>
    public static WeightPick Make(scoped in ActiveList ins, int inCount, scoped in ActiveList outs, int outCount, int repeats, Span<int> memory)
    {
        int runs = 0;
        if (ins.IsListed)
        {
            ReadOnlySpan<int> list = ins.Indices;
            for (int column = 0; column < repeats; column++)
            {
                for (int i = 0; i < list.Length; i++)
                {
                    if (i > 0 && list[i] == list[i - 1] + 1)
                    {
                        memory[runs - 1]++;
                        continue;
                    }

                    memory[runs] = list[i] + (column * inCount);
                    memory[runs + 1] = 1;
                    runs += 2;
                }
            }
        }

        int panels = outs.Indices.Length / Panel.Width;
        Span<int> places = memory.Slice(runs, panels);
        for (int i = 0; i < panels; i++)
        {
            places[i] = outs.Indices[i * Panel.Width] / Panel.Width;
        }

        return new WeightPick(memory[..runs], places, inCount, Panel.Count(outCount));
    }

    /// <summary>Panels from one on that can be taken together, as they lie equally far apart.</summary>
    /// <param name="first">The first of those that are computed.</param>
    /// <param name="most">At most so many: 1, 2 or 4.</param>
    /// <param name="distance">Panels of the weights from one to the next.</param>
    public int Together(int first, int most, out int distance)
    {
        distance = 1;
        if (Panels.IsEmpty || most < 2)
        {
            return most;
        }

        distance = Panels[first + 1] - Panels[first];
        for (int i = first + 2; i < first + most; i++)
        {
            if (Panels[i] - Panels[i - 1] != distance)
            {
                return 2;
            }
        }

        return most;
    }

    /// <summary>The place among all panels of one that is computed.</summary>
    /// <param name="panel">Its place among those that are computed.</param>
    public int PlaceOf(int panel) => Panels.IsEmpty ? panel : Panels[panel];

    private static int CountRuns(ReadOnlySpan<int> list)
    {
        int runs = 1;
        for (int i = 1; i < list.Length; i++)
        {
            runs += list[i] != list[i - 1] + 1 ? 1 : 0;
        }

        return runs;
    }
}
