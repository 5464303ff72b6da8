using System;
using ManagedDyn.Engine.Execution;

namespace ManagedDyn.Layers.Data;

/// <summary>The random numbers of one glyph image, one after the other. Each image has its own, so it can be made without the others.</summary>
internal ref struct GlyphRandom
{
    private readonly Span<float> _numbers;
    private int _next;

    /// <summary>Draws the numbers of an image.</summary>
    /// <param name="stream">The stream of the set.</param>
    /// <param name="index">The image.</param>
    /// <param name="numbers">Room for as many as are wanted at most.</param>
    /// <param name="step">Tells several draws for one image apart, as those of the frames of a video.</param>
    internal GlyphRandom(RandomStream stream, int index, Span<float> numbers, long step = 0)
    {
        stream.FillUniform(numbers, step, index);
        _numbers = numbers;
        _next = 0;
    }

    /// <summary>A number in [0, 1).</summary>
    internal float Uniform() => _numbers[_next++];

    /// <summary>A number in [low, high).</summary>
    internal float Between(float low, float high) => low + ((high - low) * Uniform());

    /// <summary>A number in [−amount, amount).</summary>
    internal float Symmetric(float amount) => amount * ((2 * Uniform()) - 1);

    /// <summary>An integer in [0, bound).</summary>
    internal int Integer(int bound) => Math.Min((int)(Uniform() * bound), bound - 1);
}
