using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>
/// One forward and backward run of a golden case: inputs that are asked for are watched, parameters that are set are remembered, and at the end all of
/// their gradients are compared.
/// </summary>
internal sealed class GoldenRun : IDisposable
{
    private readonly GoldenCase _golden;
    private readonly Workers _workers = new(2);
    private readonly Tape _tape;
    private readonly List<(string Name, Tensor Tensor, bool IsImage)> _inputs = [];
    private readonly List<(string Name, Parameter Parameter)> _parameters = [];

    public GoldenRun(GoldenCase golden)
    {
        _golden = golden;
        Context = new Context(_workers) { Accuracy = Accuracy.Exact };
        _tape = new Tape(Context.Workspace);
        Context.Tape = _tape;
    }

    public Context Context { get; }

    /// <summary>An input of images, as NHWC.</summary>
    public Tensor Image(string name) => Watch(name, _golden.ImageInput(name), true);

    /// <summary>Any other input.</summary>
    public Tensor Plain(string name) => Watch(name, _golden.Input(name), false);

    /// <summary>An input that the case may lack.</summary>
    public Tensor PlainIfAny(string name) => _golden.HasInput(name) ? Plain(name) : default;

    /// <summary>A parameter of a layer gets the values of an input.</summary>
    public void Set(Parameter parameter, string name)
    {
        _golden.Input(name).Span.CopyTo(parameter.Value.Span);
        _parameters.Add((name, parameter));
    }

    /// <summary>A layer's parameter by its path.</summary>
    public void Set(ManagedDyn.Layers.Static.Module module, string path, string name) =>
        Set(module.NamedParameters().Find(pair => pair.Key == path).Value ?? throw new ArgumentException($"There is no parameter {path}."), name);

    /// <summary>Compares the output y and runs backward.</summary>
    public void Finish(Tensor output, bool isImage = true)
    {
        if (isImage)
        {
            _golden.CheckImage("out.y", output);
        }
        else
        {
            _golden.Check("out.y", output);
        }

        _tape.Backward(output, (isImage ? _golden.ImageCoVector("y") : _golden.CoVector("y")).Span);
        foreach ((string name, Tensor tensor, bool isInputImage) in _inputs)
        {
            if (_golden.HasGradient(name))
            {
                Tensor gradient = Tape.GradientOf(tensor);
                _golden.Check("grad." + name, isInputImage ? GoldenLayout.ToChannelsFirst(gradient) : gradient);
            }
        }

        foreach ((string name, Parameter parameter) in _parameters)
        {
            _golden.Check("grad." + name, parameter.Gradient.Span);
        }
    }

    public void Dispose()
    {
        _tape.Dispose();
        _workers.Dispose();
    }

    private Tensor Watch(string name, Tensor tensor, bool isImage)
    {
        Tape.Watch(tensor);
        _inputs.Add((name, tensor, isImage));
        return tensor;
    }
}
