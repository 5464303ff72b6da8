using System;
using System.Globalization;

namespace ManagedDyn.Tool.Selftest;

/// <summary>A hash of the bits of floats (FNV-1a, 64 bits): equal in every build with the same vector width.</summary>
public static class Fingerprint
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    public static string Of(ReadOnlySpan<float> values)
    {
        ulong hash = Offset;
        foreach (float value in values)
        {
            uint bits = BitConverter.SingleToUInt32Bits(value);
            for (int shift = 0; shift < 32; shift += 8)
            {
                hash = (hash ^ (byte)(bits >> shift)) * Prime;
            }
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);
    }
}
