using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>The mean of each channel and a classifier, also of maps that have some of their channels only.</summary>
internal sealed class ChannelHead : Layer
{
    private readonly int _channels;
    private readonly int _classes;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private PackedWeight? _packed;

    public ChannelHead(int channels, int classes)
    {
        _channels = channels;
        _classes = classes;
        _weight = AddParameter("weight", new Shape(classes, channels));
        _bias = AddParameter("bias", new Shape(classes), decays: false);
    }

    public override Shape OutputShape(Shape input) => new(input[0], _classes);

    public override long CountMacs(Shape input) => (long)input[0] * _channels * _classes;

    /// <summary>Classifies maps of listed channels.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">[N, H, W, listed].</param>
    /// <param name="channels">The channels that the maps have, one row or a row a sample; all: every one.</param>
    public Tensor Forward(Context context, Tensor input, Selection channels)
    {
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Conv2dSelection features = new() { InChannels = channels, CompactInChannels = !channels.IsAll };
        return scope.Keep(context.Linear(context.GlobalAveragePool(input), _weight.Value, _bias.Value, in features, _packed));
    }

    protected override void OnInitialize(RandomStream random)
    {
        Initializers.UniformFanIn(_weight, random, _channels);
        Initializers.UniformFanIn(_bias, random, _channels, stream: 1);
    }

    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_channels, _classes, _weight.Value.Span);

    protected override Tensor Run(Context context, Tensor input) => Forward(context, input, default);
}
