using System;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Execution;

/// <summary>
/// Random numbers of one purpose, addressed by step, sample and element: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", SC 2011) with the stream as key and the address as counter.
/// </summary>
public readonly struct RandomStream
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    private readonly ulong _key;

    internal RandomStream(ulong key) => _key = key;

    /// <summary>32 random bits.</summary>
    /// <param name="step">The step of training, or another outer counter.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="element">The element within the sample.</param>
    public uint Bits(long step, int sample, int element)
    {
        (uint a, uint b, uint c, uint d) = Block(step, sample, (uint)element >> 2);
        return (element & 3) switch { 0 => a, 1 => b, 2 => c, _ => d };
    }

    /// <summary>A number in [0, 1) with 24 random bits.</summary>
    /// <param name="step">The step of training, or another outer counter.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="element">The element within the sample.</param>
    public float Uniform(long step, int sample, int element) => ToUniform(Bits(step, sample, element));

    /// <summary>An integer from 0 to a bound, exclusive; the bias is below bound / 2³².</summary>
    /// <param name="bound">At least 1.</param>
    /// <param name="step">The step of training, or another outer counter.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="element">The element within the sample.</param>
    public int Integer(int bound, long step, int sample, int element)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)(((ulong)Bits(step, sample, element) * (ulong)bound) >> 32);
    }

    /// <summary>A number of the standard normal distribution (Box–Muller).</summary>
    /// <param name="step">The step of training, or another outer counter.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="element">The element within the sample.</param>
    public float Normal(long step, int sample, int element)
    {
        (uint a, uint b, uint c, uint d) = Block(step, sample, (uint)element >> 1);
        (uint radius, uint angle) = (element & 1) == 0 ? (a, b) : (c, d);

        // 1 − u is in (0, 1]: its logarithm is finite.
        float length = MathF.Sqrt(-2f * MathF.Log(1f - ToUniform(radius)));
        return length * MathF.Cos(MathF.Tau * ToUniform(angle));
    }

    /// <summary>Fills a span with numbers in [0, 1).</summary>
    /// <param name="destination">Element i gets the number at element i.</param>
    /// <param name="step">The step of training, or another outer counter.</param>
    /// <param name="sample">The sample.</param>
    public void FillUniform(Span<float> destination, long step, int sample)
    {
        for (int i = 0; i < destination.Length; i += 4)
        {
            (uint a, uint b, uint c, uint d) = Block(step, sample, (uint)i >> 2);
            destination[i] = ToUniform(a);
            if (i + 1 < destination.Length)
            {
                destination[i + 1] = ToUniform(b);
            }

            if (i + 2 < destination.Length)
            {
                destination[i + 2] = ToUniform(c);
            }

            if (i + 3 < destination.Length)
            {
                destination[i + 3] = ToUniform(d);
            }
        }
    }

    /// <summary>Fills a span with numbers of the standard normal distribution.</summary>
    /// <param name="destination">Element i gets the number at element i.</param>
    /// <param name="step">The step of training, or another outer counter.</param>
    /// <param name="sample">The sample.</param>
    public void FillNormal(Span<float> destination, long step, int sample)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = Normal(step, sample, i);
        }
    }

    /// <summary>Puts the values into a random order (Fisher–Yates).</summary>
    /// <param name="values">The values.</param>
    /// <param name="step">The epoch, or another outer counter.</param>
    public void Shuffle(Span<int> values, long step)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int j = Integer(i + 1, step, 0, i);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }

    private static float ToUniform(uint bits) => (bits >> 8) * (1f / (1 << 24));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (uint A, uint B, uint C, uint D) Block(long step, int sample, uint block)
    {
        uint c0 = block;
        uint c1 = (uint)sample;
        uint c2 = (uint)step;
        uint c3 = (uint)((ulong)step >> 32);
        uint k0 = (uint)_key;
        uint k1 = (uint)(_key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong p0 = (ulong)Multiplier0 * c0;
            ulong p1 = (ulong)Multiplier1 * c2;
            c0 = (uint)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint)p1;
            c2 = (uint)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint)p0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (c0, c1, c2, c3);
    }
}
