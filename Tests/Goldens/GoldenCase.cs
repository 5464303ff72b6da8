using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text.Json;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Goldens;

/// <summary>
/// One case: parameters, inputs ("in.x" is asked for as "x"), co-vectors, and what must come out. A runner takes the inputs, computes, and
/// hands everything that the case expects to a Check method; <see cref="AssertComplete"/> fails for what was not handed in.
/// </summary>
public sealed class GoldenCase
{
    private readonly SafetensorsFile _file;
    private readonly JsonElement _parameters;
    private readonly Dictionary<string, double> _tolerances = [];
    private readonly HashSet<string> _open = [];

    internal GoldenCase(JsonElement entry, SafetensorsFile file, double relativeTolerance)
    {
        _file = file;
        _parameters = entry.GetProperty("params");
        Layer = entry.GetProperty("layer").GetString()!;
        Name = entry.GetProperty("case").GetString()!;
        Note = entry.GetProperty("note").GetString()!;
        RelativeTolerance = entry.TryGetProperty("rtol", out JsonElement own) ? own.GetDouble() : relativeTolerance;
        foreach (JsonElement tensor in entry.GetProperty("tensors").EnumerateArray())
        {
            string name = tensor.GetProperty("name").GetString()!;
            Assert.True(file.Contains(name), $"{this}: the index lists tensor {name}, which the file lacks.");
            _tolerances[name] = tensor.TryGetProperty("atol", out JsonElement tolerance) ? tolerance.GetDouble() : 0;
            if (name.StartsWith("out.", StringComparison.Ordinal) || name.StartsWith("grad.", StringComparison.Ordinal))
            {
                _open.Add(name);
            }
        }
    }

    public string Layer { get; }

    public string Name { get; }

    /// <summary>What the formula needs to be told beyond its parameters.</summary>
    public string Note { get; }

    public double RelativeTolerance { get; }

    /// <summary>The names in the file, such as "in.x", "r.y", "out.y", "grad.x".</summary>
    public IEnumerable<string> TensorNames => _tolerances.Keys;

    public bool HasParameter(string name) => _parameters.TryGetProperty(name, out _);

    public int Integer(string name, int? fallback = null) =>
        _parameters.TryGetProperty(name, out JsonElement value) ? value.GetInt32() : fallback ?? throw Missing(name);

    public float Real(string name, float? fallback = null) =>
        _parameters.TryGetProperty(name, out JsonElement value) ? (float)value.GetDouble() : fallback ?? throw Missing(name);

    public bool Flag(string name, bool? fallback = null) =>
        _parameters.TryGetProperty(name, out JsonElement value) ? value.GetBoolean() : fallback ?? throw Missing(name);

    public string Text(string name, string? fallback = null) =>
        _parameters.TryGetProperty(name, out JsonElement value) ? value.GetString()! : fallback ?? throw Missing(name);

    /// <summary>A list of integers; a single number n is the list [n, n], as PyTorch takes it for images.</summary>
    public int[] Integers(string name, int[]? fallback = null)
    {
        if (!_parameters.TryGetProperty(name, out JsonElement value))
        {
            return fallback ?? throw Missing(name);
        }

        if (value.ValueKind == JsonValueKind.Number)
        {
            return [value.GetInt32(), value.GetInt32()];
        }

        List<int> list = [];
        foreach (JsonElement element in value.EnumerateArray())
        {
            list.Add(element.GetInt32());
        }

        return [.. list];
    }

    public float[] Reals(string name)
    {
        List<float> list = [];
        foreach (JsonElement element in _parameters.GetProperty(name).EnumerateArray())
        {
            list.Add((float)element.GetDouble());
        }

        return [.. list];
    }

    public bool HasInput(string name) => _file.Contains("in." + name);

    /// <summary>Whether the case tells the gradient of the input.</summary>
    public bool HasGradient(string name) => _file.Contains("grad." + name);

    public Tensor Input(string name) => _file.ReadTensor("in." + name);

    /// <summary>An input of images, turned from NCHW to NHWC.</summary>
    public Tensor ImageInput(string name) => GoldenLayout.ToChannelsLast(Input(name));

    public DataArray<long> IntegerInput(string name) => _file.ReadIntegers("in." + name);

    /// <summary>The co-vector of an output: the gradient of the loss that is to be fed backward.</summary>
    public Tensor CoVector(string name) => _file.ReadTensor("r." + name);

    /// <summary>A co-vector of images, turned from NCHW to NHWC.</summary>
    public Tensor ImageCoVector(string name) => GoldenLayout.ToChannelsLast(CoVector(name));

    /// <summary>What is expected: to be shown or compared in another way than value by value.</summary>
    public Tensor Expected(string fullName) => _file.ReadTensor(fullName);

    /// <summary>Compares values in the order of the file.</summary>
    /// <param name="fullName">The name in the file, such as "out.y" or "grad.weight".</param>
    /// <param name="actual">The values.</param>
    public void Check(string fullName, ReadOnlySpan<float> actual)
    {
        Shape shape = _file.Find(fullName).Shape;
        float[] expected = _file.ReadTensor(fullName).ToArray();
        Assert.True(expected.Length == actual.Length, $"{this}: {fullName} has {actual.Length} values; expected {expected.Length} for {shape}.");
        double tolerance = _tolerances[fullName];
        int wrong = 0;
        int worst = 0;
        double worstExcess = double.NegativeInfinity;
        for (int i = 0; i < expected.Length; i++)
        {
            double excess = Math.Abs((double)actual[i] - expected[i]) - (tolerance + (RelativeTolerance * Math.Abs(expected[i])));

            // Written so that NaN, which compares with nothing, is wrong.
            if (!(excess <= 0))
            {
                wrong++;
                excess = double.IsNaN(excess) ? double.PositiveInfinity : excess;
            }

            if (excess > worstExcess)
            {
                worstExcess = excess;
                worst = i;
            }
        }

        Assert.True(wrong == 0, wrong == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{this}: {wrong} of {expected.Length} values of {fullName} {shape} are wrong, the worst at {worst}: {actual[worst]:R}; expected {expected[worst]:R} ± {tolerance:R} + {RelativeTolerance:R} of it."));
        _open.Remove(fullName);
    }

    /// <summary>Compares values in the order of the file, and the shape.</summary>
    public void Check(string fullName, Tensor actual)
    {
        Assert.Equal(_file.Find(fullName).Shape, actual.Shape);
        Check(fullName, actual.Span);
    }

    /// <summary>Compares images [N, H, W, C] with the file's [N, C, H, W].</summary>
    public void CheckImage(string fullName, Tensor actual) => Check(fullName, GoldenLayout.ToChannelsFirst(actual));

    /// <summary>Compares integers exactly, in the order of the file.</summary>
    public void CheckIntegers(string fullName, ReadOnlySpan<long> actual)
    {
        Assert.Equal(_file.ReadIntegers(fullName).Values, actual.ToArray());
        _open.Remove(fullName);
    }

    /// <summary>Declares that the product does not give this result, and why; nothing else may be left out.</summary>
    public void LeaveOut(string fullName, string reason)
    {
        Assert.False(string.IsNullOrWhiteSpace(reason));
        Assert.True(_open.Remove(fullName), $"{this}: {fullName} is left out, but not expected or checked already.");
    }

    /// <summary>Fails when an expected tensor was neither checked nor left out.</summary>
    public void AssertComplete() => Assert.True(_open.Count == 0, $"{this}: not checked: {string.Join(", ", _open)}");

    public override string ToString() => $"{Layer}/{Name}";

    private KeyNotFoundException Missing(string name) => new($"{this} has no parameter {name}.");
}
