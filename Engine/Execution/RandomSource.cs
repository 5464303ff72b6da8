using System;

namespace ManagedDyn.Engine.Execution;

/// <summary>
/// The root of all random numbers of a run. Numbers are not drawn in sequence but looked up: by seed, name of the stream, step, sample and
/// element; so they depend on nothing else, and resuming or regrouping changes none.
/// </summary>
/// <param name="seed">The seed.</param>
public sealed class RandomSource(ulong seed)
{
    // FNV-1a, 64 bits: offset basis and prime.
    private const ulong HashBasis = 14695981039346656037;
    private const ulong HashPrime = 1099511628211;

    /// <summary>The seed.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The stream of one purpose, such as "shuffle" or "layer3.gate".</summary>
    /// <param name="name">The purpose.</param>
    public RandomStream Stream(ReadOnlySpan<char> name)
    {
        ulong hash = HashBasis;
        foreach (char c in name)
        {
            hash = (hash ^ c) * HashPrime;
        }

        // The seed is mixed before it meets the name (SplitMix64's finaliser), so that near seeds give unrelated keys.
        ulong mixed = Seed + 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return new RandomStream(hash ^ mixed ^ (mixed >> 31));
    }
}
