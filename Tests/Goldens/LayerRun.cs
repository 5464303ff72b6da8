using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using Xunit;

namespace ManagedDyn.Tests.Goldens;

/// <summary>
/// Runs a layer on a golden case: parameters are filled from the case's inputs by a list of names, the layer runs forward and backward, and output and
/// gradients are checked. What is left over, the caller checks.
/// </summary>
internal sealed class LayerRun
{
    private readonly GoldenCase _golden;
    private readonly Dictionary<string, string> _inputs = new(StringComparer.Ordinal);

    public LayerRun(GoldenCase golden) => _golden = golden;

    /// <summary>Train or Evaluate.</summary>
    public Mode Mode { get; init; } = Mode.Evaluate;

    /// <summary>Says which input of the case a parameter holds; left out when the case has no such input.</summary>
    /// <param name="path">The parameter's path in the layer.</param>
    /// <param name="input">The input's name, without "in.".</param>
    public LayerRun Map(string path, string input)
    {
        if (_golden.HasInput(input))
        {
            _inputs.Add(path, input);
        }

        return this;
    }

    /// <summary>A layer with weight and, where the case has one, bias.</summary>
    public LayerRun MapLinear(string path, string input) => Map(path + ".weight", input + "_weight").Map(path + ".bias", input + "_bias");

    /// <summary>A batch normalisation.</summary>
    public LayerRun MapNorm(string path, string input) => MapLinear(path, input)
        .Map(path + ".running_mean", input + "_running_mean").Map(path + ".running_var", input + "_running_var");

    /// <summary>Runs the layer on images "x" and checks "y" and the gradients of "x" and of all parameters that were mapped.</summary>
    /// <param name="layer">Takes and gives channels last.</param>
    /// <param name="more">Checks other outputs, with a context that records nothing.</param>
    public void Check(Layer layer, Action<Context, Tensor>? more = null)
    {
        Fill(layer);
        using Workers workers = new(2);
        Context context = new(workers) { Mode = Mode, Decisions = Decisions.Relaxed, Accuracy = Accuracy.Exact };
        if (more is not null)
        {
            Context plain = new(workers) { Mode = Mode, Accuracy = Accuracy.Exact };
            more(plain, _golden.ImageInput("x"));
            Fill(layer);
        }

        using (Tape tape = new(context.Workspace))
        {
            context.Tape = tape;
            Tensor input = _golden.ImageInput("x");
            Tape.Watch(input);
            Tensor output = layer.Forward(context, input);
            _golden.CheckImage("out.y", output);
            tape.Backward(output, _golden.ImageCoVector("y").Span);
            _golden.CheckImage("grad.x", Tape.GradientOf(input));
        }

        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (_inputs.TryGetValue(path, out string? name) && _golden.HasGradient(name))
            {
                _golden.Check("grad." + name, parameter.Gradient.Span);
            }
        }

        if (Mode == Mode.Evaluate)
        {
            CheckFrozen(layer, workers);
        }
    }

    private void CheckFrozen(Layer layer, Workers workers)
    {
        layer.Freeze(Limits.Default);
        foreach (Accuracy accuracy in new[] { Accuracy.Exact, Accuracy.Fast })
        {
            Context context = new(workers) { Accuracy = accuracy };
            _golden.CheckImage("out.y", layer.Forward(context, _golden.ImageInput("x")));
        }
    }

    // Every parameter must be told, and every input be some parameter's.
    private void Fill(Layer layer)
    {
        HashSet<string> open = new(StringComparer.Ordinal);
        foreach (string name in _golden.TensorNames)
        {
            if (name.StartsWith("in.", StringComparison.Ordinal) && name != "in.x")
            {
                open.Add(name["in.".Length..]);
            }
        }

        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            if (!_inputs.TryGetValue(path, out string? name))
            {
                throw new KeyNotFoundException($"{_golden} has no input for the parameter {path}.");
            }

            // Layouts of the file may lack extents of 1.
            Tensor values = _golden.Input(name);
            Assert.True(values.Count == parameter.Shape.Count, $"{_golden}: {name} has shape {values.Shape}, the parameter {path} {parameter.Shape}.");
            values.Span.CopyTo(parameter.Value.Span);
            open.Remove(name);
        }

        if (open.Count > 0)
        {
            throw new InvalidOperationException($"{_golden}: the layer takes no {string.Join(", ", open)}.");
        }
    }
}
