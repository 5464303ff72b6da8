using System;
using System.Collections.Generic;
using System.Numerics.Tensors;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Static;
using Tensor = ManagedDyn.Engine.Tensors.Tensor;

namespace ManagedDyn.Layers.Training;

/// <summary>
/// The moving average of all parameters and running statistics, a ← δ·a + (1 − δ)·p. At step t, δ is at most (1 + t)/(10 + t), so that the
/// beginning is soon forgotten.
/// </summary>
internal sealed class WeightAverage
{
    private readonly KeyValuePair<string, Parameter>[] _parameters;
    private readonly Tensor[] _averages;
    private readonly float _decay;

    public WeightAverage(Module network, float decay)
    {
        _decay = decay;
        _parameters = [.. network.NamedParameters()];
        _averages = new Tensor[_parameters.Length];
        for (int i = 0; i < _averages.Length; i++)
        {
            _averages[i] = Tensor.From(_parameters[i].Value.Value.Shape, _parameters[i].Value.Value.Span);
        }
    }

    /// <summary>Takes in the parameters after a step.</summary>
    /// <param name="workers">The threads.</param>
    /// <param name="steps">The number of steps made, this one included.</param>
    public void Update(Workers workers, long steps)
    {
        double decay = Math.Min(_decay, (1.0 + steps) / (10.0 + steps));
        workers.Run(_averages.Length, new UpdateWork(this, (float)(1 - decay)));
    }

    /// <summary>Exchanges averages and parameters; called again, it undoes itself.</summary>
    public void Exchange()
    {
        for (int i = 0; i < _averages.Length; i++)
        {
            Span<float> values = _parameters[i].Value.Value.Span;
            Span<float> averages = _averages[i].Span;
            for (int j = 0; j < values.Length; j++)
            {
                (values[j], averages[j]) = (averages[j], values[j]);
            }
        }
    }

    public void Bind(TensorBinding binding, string prefix)
    {
        for (int i = 0; i < _averages.Length; i++)
        {
            binding.Add(prefix + _parameters[i].Key, _averages[i]);
        }
    }

    // Whole vectors over padded storage, so that each element gets the same arithmetic.
    private readonly struct UpdateWork(WeightAverage average, float amount) : IParallelWork
    {
        public void Execute(int part)
        {
            Span<float> averages = average._averages[part].PaddedSpan;
            TensorPrimitives.Lerp(averages, average._parameters[part].Value.Value.PaddedSpan, amount, averages);
        }
    }
}
