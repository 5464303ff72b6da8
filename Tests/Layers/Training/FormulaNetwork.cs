using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>A network written as a formula over named parameters; every stage's answer is computed as the first is asked for.</summary>
public sealed class FormulaNetwork : StagedNetwork
{
    private readonly Dictionary<string, Parameter> _byName = [];
    private readonly Func<FormulaNetwork, Context, Tensor, Tensor[]> _formula;
    private readonly Tensor[] _logits;

    public FormulaNetwork(Shape sampleShape, int classes, int stages, Func<FormulaNetwork, Context, Tensor, Tensor[]> formula)
    {
        SampleShape = sampleShape;
        ClassCount = classes;
        _logits = new Tensor[stages];
        _formula = formula;
    }

    public override int StageCount => _logits.Length;

    public override int ClassCount { get; }

    public override Shape SampleShape { get; }

    /// <summary>What the formula adds to the loss; none: nothing.</summary>
    public Tensor Penalty { get; set; }

    public Tensor this[string name] => _byName[name].Value;

    public void Add(string name, Tensor start)
    {
        bool isState = name.Contains("running", StringComparison.Ordinal);
        Parameter parameter = AddParameter(name, start.Shape, isTrainable: !isState);
        start.Span.CopyTo(parameter.Value.Span);
        _byName.Add(name, parameter);
    }

    public override long StageMacs(int stage) => 0;

    public override StageState CreateState() => new(1);

    protected override void OnStart(Context context, Tensor input, StageState state) => state.Set(context, 0, input);

    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        if (stage == 0)
        {
            _formula(this, context, state[0]).CopyTo(_logits, 0);
        }

        return _logits[stage];
    }
}
