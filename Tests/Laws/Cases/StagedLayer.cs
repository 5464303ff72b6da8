using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>A staged network as one layer: the answers of all stages side by side, so that the laws of layers can be tested on it.</summary>
internal sealed class StagedLayer : Layer
{
    private readonly StagedNetwork _network;
    private readonly StageState _state;
    private readonly Tensor[] _answers;

    public StagedLayer(StagedNetwork network)
    {
        _network = Add("network", network);
        _state = network.CreateState();
        _answers = new Tensor[network.StageCount];
    }

    public override Shape OutputShape(Shape input) => new(input[0], _network.StageCount * _network.ClassCount);

    public override long CountMacs(Shape input) => input[0] * _network.CumulativeMacs(_network.StageCount - 1);

    protected override Tensor Run(Context context, Tensor input)
    {
        _network.Start(context, input, _state);
        for (int stage = 0; stage < _answers.Length; stage++)
        {
            _answers[stage] = _network.Advance(context, _state);
        }

        return _answers.Length == 1 ? _answers[0] : context.Concat(1, _answers);
    }
}
