using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>A <see cref="WeightPick"/> whose lists lie in the workspace, for work that is handed out; the default value picks nothing.</summary>
internal readonly struct PickedWeights
{
    private readonly Storage<int>? _memory;
    private readonly int _runs;
    private readonly int _panels;
    private readonly int _channels;
    private readonly int _panelCount;

    /// <summary>Lists what is picked.</summary>
    /// <param name="context">The context, whose workspace keeps the lists until its scope ends.</param>
    /// <param name="geometry">The convolution of all channels.</param>
    /// <param name="ins">Input channels, which suit.</param>
    /// <param name="outs">Output channels, which suit.</param>
    public PickedWeights(Context context, in ConvolutionGeometry geometry, in ActiveList ins, in ActiveList outs)
    {
        int length = WeightPick.MemoryLength(geometry.InChannels, geometry.OutChannels, 1);
        _memory = context.Workspace.RentIntegers(length);
        WeightPick pick = WeightPick.Make(in ins, geometry.InChannels, in outs, geometry.OutChannels, 1, _memory.Slice(0, length));
        _runs = pick.Runs.Length;
        _panels = pick.Panels.Length;
        _channels = pick.Channels;
        _panelCount = pick.PanelCount;
    }

    /// <summary>The lists.</summary>
    public WeightPick Pick => _memory is null ? default : new WeightPick(_memory.Slice(0, _runs), _memory.Slice(_runs, _panels), _channels, _panelCount);
}
