using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>
/// A layer that the laws of <see cref="LayerLaws"/> are tested on. The laws fill the layer with random values themselves: a case tells how it is
/// built and what is particular about it.
/// </summary>
public sealed class LayerCase
{
    private readonly Func<Layer> _make;

    /// <summary>Describes a layer; particulars follow as an object initialiser.</summary>
    /// <param name="name">Unique among all cases.</param>
    /// <param name="type">The layer that the case stands for.</param>
    /// <param name="make">Builds it, perhaps within another layer.</param>
    /// <param name="sample">The extents of one sample, without the batch.</param>
    public LayerCase(string name, Type type, Func<Layer> make, params ReadOnlySpan<int> sample)
    {
        Name = name;
        LayerType = type;
        _make = make;
        Sample = new Shape(sample);
    }

    /// <summary>Unique among all cases.</summary>
    public string Name { get; }

    /// <summary>The layer that the case stands for; what the factory gives may wrap it.</summary>
    public Type LayerType { get; }

    /// <summary>The extents of one sample, without the batch.</summary>
    public Shape Sample { get; }

    /// <summary>Whether the layer leaves work out. If not, what is counted must equal the dense cost and the rule's own.</summary>
    public bool Skips { get; init; }

    /// <summary>MACs a sample that the rule costs beyond <see cref="Layer.CountMacs"/>.</summary>
    public long RuleMacs { get; init; }

    /// <summary>The largest difference of frozen and unfrozen results under exact accuracy, relative to the largest value.</summary>
    public float FrozenTolerance { get; init; } = 1e-5f;

    /// <summary>The largest difference of a gradient from central differences, relative to the largest gradient of the same tensor.</summary>
    public double GradientTolerance { get; init; } = 1e-2;

    /// <summary>The step of central differences.</summary>
    public float GradientStep { get; init; } = 2e-3f;

    /// <summary>
    /// Whether gradients are those of another function by design (straight-through, policy gradients): they must be there and finite, and are
    /// not compared with differences. Say why at the case.
    /// </summary>
    public bool HasSurrogateGradients { get; init; }

    /// <summary>Parameters, by path, that the output does not depend on in training, such as weights that only a loss or a rule reads.</summary>
    public string[] WithoutGradient { get; init; } = [];

    /// <summary>Whether gradients in Train mode are compared too (batch statistics); noise of training must depend on the context alone.</summary>
    public bool ChecksTrainMode { get; init; } = true;

    /// <summary>Makes inputs for a number of values and a seed; none: normal numbers.</summary>
    public Func<int, int, float[]>? Inputs { get; init; }

    /// <summary>Changes the layer after it was filled with random values, such as a threshold's place; none: nothing.</summary>
    public Action<Layer>? Prepare { get; init; }

    /// <summary>
    /// The layer with values that depend on the seed alone: initialised, then every parameter that holds one value only (zeros of a gate, ones of
    /// a normalisation) and every statistic moved away from it, so that nothing is neutral.
    /// </summary>
    public Layer Make(ulong seed)
    {
        Layer layer = _make();
        RandomSource random = new(seed);
        layer.Initialize(random);
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            Span<float> values = parameter.Value.Span;
            if (values.Length == 0 || values.IndexOfAnyExcept(values[0]) >= 0)
            {
                continue;
            }

            RandomStream stream = random.Stream("move." + path);
            bool isVariance = parameter.Name.Contains("var", StringComparison.Ordinal);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] += 0.4f * (isVariance ? stream.Uniform(0, 0, i) : stream.Uniform(0, 0, i) - 0.4f);
            }
        }

        Prepare?.Invoke(layer);
        layer.AssignNumbers();
        return layer;
    }

    public Shape Batch(int samples)
    {
        Span<int> extents = stackalloc int[Sample.Rank + 1];
        extents[0] = samples;
        Sample.CopyTo(extents[1..]);
        return new Shape(extents);
    }

    public float[] Values(int samples, int seed)
    {
        int count = samples * Sample.Count;
        if (Inputs is not null)
        {
            return Inputs(count, seed);
        }

        float[] values = new float[count];
        new RandomSource((ulong)seed).Stream("inputs").FillNormal(values, 0, 0);
        return values;
    }

    public override string ToString() => Name;
}
