using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>Parameters and nothing else.</summary>
public sealed class PlainModule : Module
{
    public new Parameter AddParameter(string name, Shape shape, bool isTrainable = true, bool decays = true, float firstValue = 0) =>
        base.AddParameter(name, shape, isTrainable, decays, firstValue);

    public T AddChild<T>(string name, T child)
        where T : Module => Add(name, child);

    public static void SetGradient(Parameter parameter, System.ReadOnlySpan<float> values) =>
        parameter.Value.Storage.Gradient = Tensor.From(parameter.Value.Shape, values).Storage;
}
