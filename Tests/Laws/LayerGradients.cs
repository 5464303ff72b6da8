using System;
using System.Collections.Generic;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Laws.Cases;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Laws;

/// <summary>
/// Compares the gradients of a layer, for its input and all parameters, with central differences of the layer itself. A kink (of a rectifier, a
/// maximum) within the step moves the central difference by half of what the slopes on both sides differ by: where those differ by more than the
/// tolerance, nothing is said.
/// </summary>
internal sealed class LayerGradients
{
    private const int Samples = 2;
    private const int MostElements = 12;

    private readonly LayerCase _case;
    private readonly Layer _layer;
    private readonly Mode _mode;
    private readonly Workers _workers;
    private readonly float[] _input;
    private readonly List<KeyValuePair<string, Parameter>> _parameters;
    private readonly float[][] _state;
    private float[] _coVector = [];
    private Dictionary<string, (int Looked, int Compared)> _coverage = [];

    public LayerGradients(LayerCase layerCase, Mode mode, int seed, Workers workers)
    {
        _case = layerCase;
        _layer = layerCase.Make((ulong)seed);
        _mode = mode;
        _workers = workers;
        _input = layerCase.Values(Samples, seed);
        _parameters = _layer.NamedParameters();
        _state = _parameters.ConvertAll(pair => pair.Value.Value.ToArray()).ToArray();
    }

    /// <summary>Checks all gradients.</summary>
    /// <param name="coverage">By tensor: how many elements were looked at, and how many could be compared.</param>
    public void Check(Dictionary<string, (int Looked, int Compared)> coverage)
    {
        _coverage = coverage;
        float[] inputGradient;
        float[][] gradients = new float[_parameters.Count][];
        Context context = NewContext();
        using (Tape tape = new(context.Workspace))
        {
            context.Tape = tape;
            Tensor input = context.Workspace.RentCopy(_case.Batch(Samples), _input);
            Tape.Watch(input);
            Tensor output = _layer.Forward(context, input);
            _coVector = GradientCheck.Values(output.Count, 77);
            tape.Backward(output, _coVector);
            inputGradient = Found(Tape.GradientOf(input), "the input", isNeeded: true);
            for (int i = 0; i < gradients.Length; i++)
            {
                (string path, Parameter parameter) = _parameters[i];
                if (!parameter.IsState)
                {
                    gradients[i] = Found(parameter.Gradient, path, Array.IndexOf(_case.WithoutGradient, path) < 0);
                }
            }
        }

        if (_case.HasSurrogateGradients)
        {
            return;
        }

        Compare(_input, inputGradient, "the input");
        for (int i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is { Length: > 0 } gradient)
            {
                Compare(_state[i], gradient, _parameters[i].Key);
            }
        }
    }

    private static float[] Found(Tensor gradient, string what, bool isNeeded)
    {
        Assert.True(gradient.Exists || !isNeeded, $"{what} got no gradient.");
        float[] values = gradient.Exists ? gradient.ToArray() : [];
        foreach (float value in values)
        {
            Assert.True(float.IsFinite(value), $"The gradient of {what} holds {value}.");
        }

        return values;
    }

    private void Compare(float[] place, float[] gradient, string what)
    {
        double largest = 1e-2;
        foreach (float value in gradient)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        double bound = (_case.GradientTolerance * largest) + Noise();
        int stride = Math.Max(1, place.Length / MostElements);
        int looked = 0;
        int compared = 0;
        for (int i = 0; i < place.Length; i += stride)
        {
            looked++;
            (double below, double above) = Slopes(place, i);
            if (Math.Abs(above - below) > bound)
            {
                continue;
            }

            double slope = 0.5 * (below + above);
            compared++;
            Assert.True(
                Math.Abs(slope - gradient[i]) <= bound,
                string.Create(CultureInfo.InvariantCulture, $"{_case}: the gradient of {what} at {i} is {gradient[i]:R} in {_mode} mode; differences give {slope:R} (largest {largest:R})."));
        }

        (int lookedBefore, int comparedBefore) = _coverage.GetValueOrDefault(what);
        _coverage[what] = (lookedBefore + looked, comparedBefore + compared);
    }

    // What rounding each output to a float, a few times over, makes of a difference.
    private double Noise()
    {
        Context context = NewContext();
        Restore();
        double squares = 0;
        foreach (float value in _layer.Forward(context, context.Workspace.RentCopy(_case.Batch(Samples), _input)).Span)
        {
            squares += (double)value * value;
        }

        return 4 * 6e-8 * Math.Sqrt(squares) / _case.GradientStep;
    }

    private (double Below, double Above) Slopes(float[] place, int index)
    {
        float center = place[index];
        float high = center + _case.GradientStep;
        float low = center - _case.GradientStep;
        double middle = Loss();
        place[index] = high;
        double above = Loss();
        place[index] = low;
        double below = Loss();
        place[index] = center;
        return ((middle - below) / ((double)center - low), (above - middle) / ((double)high - center));
    }

    private double Loss()
    {
        Restore();
        Context context = NewContext();
        Tensor output = _layer.Forward(context, context.Workspace.RentCopy(_case.Batch(Samples), _input));
        ReadOnlySpan<float> values = output.Span;
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += (double)values[i] * _coVector[i];
        }

        return sum;
    }

    // Everything is put back before each run: running statistics move in Train mode.
    private void Restore()
    {
        for (int i = 0; i < _state.Length; i++)
        {
            _state[i].CopyTo(_parameters[i].Value.Value.Span);
        }
    }

    private Context NewContext() => new(_workers) { Mode = _mode, Decisions = Decisions.Relaxed, Accuracy = Accuracy.Exact };
}
