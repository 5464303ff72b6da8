using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Data;

/// <summary>Some samples of a set.</summary>
internal sealed class SampleSubset : SampleSet
{
    private readonly SampleSet _whole;
    private readonly int[] _indices;

    public SampleSubset(SampleSet whole, ReadOnlySpan<int> indices)
    {
        _whole = whole;
        _indices = indices.ToArray();
        foreach (int index in _indices)
        {
            if ((uint)index >= (uint)whole.Count)
            {
                throw new ArgumentOutOfRangeException(nameof(indices), index, $"There is no sample {index}; expected 0 to {whole.Count - 1}.");
            }
        }
    }

    public override Shape SampleShape => _whole.SampleShape;

    public override IReadOnlyList<string> ClassNames => _whole.ClassNames;

    public override int Count => _indices.Length;

    public override bool HasLengths => _whole.HasLengths;

    public override IReadOnlyList<KeyValuePair<string, string>> Settings => _whole.Settings;

    public override int Label(int index) => _whole.Label(_indices[index]);

    public override int Length(int index) => _whole.Length(_indices[index]);

    public override int SampleId(int index) => _whole.SampleId(_indices[index]);

    public override void Read(int index, Span<float> destination)
    {
        Check(index, destination.Length);
        _whole.Read(_indices[index], destination);
    }

    public override int Draw(long epoch, int index, Span<float> destination)
    {
        Check(index, destination.Length);
        return _whole.Draw(epoch, _indices[index], destination);
    }
}
