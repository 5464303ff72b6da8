using System;
using System.Collections.Generic;
using FsCheck.Xunit;
using ManagedDyn.Engine.Execution;
using Xunit;

namespace ManagedDyn.Tests.Execution;

public class RandomStreamTests
{
    [Fact]
    public void Philox_gives_the_published_vector_for_zero_key_and_counter()
    {
        // Known answer of Philox4x32-10 in the authors' Random123 library: key 0, counter 0.
        RandomStream stream = new(0);
        Assert.Equal(0x6627e8d5u, stream.Bits(0, 0, 0));
        Assert.Equal(0xe169c58du, stream.Bits(0, 0, 1));
        Assert.Equal(0xbc57ac4cu, stream.Bits(0, 0, 2));
        Assert.Equal(0x9b00dbd8u, stream.Bits(0, 0, 3));
    }

    [Property]
    public void A_number_depends_on_its_address_alone(int seed, long step, int sample, byte count)
    {
        RandomStream stream = new RandomSource((ulong)seed).Stream("noise");
        float[] filled = new float[count];
        stream.FillUniform(filled, step, sample);
        for (int i = 0; i < filled.Length; i++)
        {
            Assert.Equal(stream.Uniform(step, sample, i), filled[i]);
            Assert.InRange(filled[i], 0f, 0.99999994f);
        }
    }

    [Fact]
    public void Streams_steps_and_samples_are_unrelated()
    {
        HashSet<uint> seen = [];
        foreach (string name in new[] { "a", "b", "layer1.gate", "layer2.gate" })
        {
            for (int step = 0; step < 8; step++)
            {
                for (int sample = 0; sample < 8; sample++)
                {
                    Assert.True(seen.Add(new RandomSource(3).Stream(name).Bits(step, sample, 0)));
                }
            }
        }
    }

    [Fact]
    public void Moments_of_the_normal_distribution_fit()
    {
        float[] values = new float[100_000];
        new RandomSource(1).Stream("normal").FillNormal(values, 0, 0);
        double sum = 0;
        double squares = 0;
        foreach (float value in values)
        {
            sum += value;
            squares += value * (double)value;
        }

        Assert.InRange(sum / values.Length, -0.015, 0.015);
        Assert.InRange(squares / values.Length, 0.98, 1.02);
    }

    [Fact]
    public void A_shuffle_is_a_permutation_that_the_step_alone_decides()
    {
        int[] first = new int[1000];
        int[] second = new int[1000];
        for (int i = 0; i < 1000; i++)
        {
            first[i] = i;
            second[i] = i;
        }

        RandomStream stream = new RandomSource(5).Stream("shuffle");
        stream.Shuffle(first, 4);
        stream.Shuffle(second, 4);
        Assert.Equal(first, second);
        stream.Shuffle(second, 5);
        Assert.NotEqual(first, second);
        Array.Sort(first);
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(i, first[i]);
        }
    }
}
