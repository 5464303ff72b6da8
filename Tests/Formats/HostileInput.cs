using System;
using System.Globalization;
using ManagedDyn.Engine.Formats;
using Xunit;

namespace ManagedDyn.Tests.Formats;

/// <summary>Feeds a reader with damaged content: it must succeed or throw the typed exception, and take memory in proportion to its input.</summary>
public static class HostileInput
{
    /// <summary>What a reader may allocate: a constant, and so many bytes for each byte of input.</summary>
    private const long FreeBytes = 1 << 20;
    private const long BytesPerByte = 200;

    private static readonly byte[] Punctuation = "{}[]\",:0123456789-+.eE\\\0\r\n ()'<>|"u8.ToArray();
    private static readonly long[] Telling = [0, 1, -1, 127, 128, 255, 256, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, 1L << 40, long.MaxValue, long.MinValue];

    /// <summary>Reads every beginning of a sound file, from none of its bytes to all but one.</summary>
    /// <returns>How many beginnings were read without a complaint.</returns>
    public static int Truncate(byte[] sound, Action<byte[]> read)
    {
        int accepted = 0;
        for (int length = 0; length < sound.Length; length++)
        {
            accepted += Try(sound[..length], read, $"the first {length} of {sound.Length} bytes") ? 1 : 0;
        }

        return accepted;
    }

    /// <summary>Reads seeded mutations of a sound file.</summary>
    public static void Mutate(byte[] sound, int seed, int count, Action<byte[]> read)
    {
        for (int i = 0; i < count; i++)
        {
            int caseSeed = CaseSeed(seed, i);
            Try(Mutation(sound, new Random(caseSeed)), read, string.Create(CultureInfo.InvariantCulture, $"mutation with seed {caseSeed}"));
        }
    }

    /// <summary>Reads content that must be refused.</summary>
    public static T Refused<T>(byte[] bytes, Action<byte[]> read)
        where T : ModelFileException
    {
        T? exception = null;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            read(bytes);
        }
        catch (T caught)
        {
            exception = caught;
        }

        AssertModest(GC.GetAllocatedBytesForCurrentThread() - before, bytes.Length, "refused content");
        Assert.NotNull(exception);
        Assert.NotEmpty(exception.Part);
        Assert.Contains("found ", exception.Message, StringComparison.Ordinal);
        Assert.Contains("; expected ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(exception.Message, char.IsControl);
        return exception;
    }

    private static bool Try(byte[] bytes, Action<byte[]> read, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool accepted = true;
        try
        {
            read(bytes);
        }
        catch (ModelFileException)
        {
            accepted = false;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{what}: {Convert.ToHexString(bytes.AsSpan(0, Math.Min(bytes.Length, 512)))}", exception);
        }

        AssertModest(GC.GetAllocatedBytesForCurrentThread() - before, bytes.Length, what);
        return accepted;
    }

    private static void AssertModest(long allocated, int length, string what) =>
        Assert.True(allocated <= FreeBytes + (BytesPerByte * length), $"{what}: {length} bytes made the reader allocate {allocated} bytes.");

    private static byte[] Mutation(byte[] sound, Random random)
    {
        byte[] bytes = (byte[])sound.Clone();
        int steps = 1 + random.Next(4);
        for (int step = 0; step < steps && bytes.Length > 0; step++)
        {
            int at = Place(bytes.Length, random);
            int length = Math.Min(1 + random.Next(8), bytes.Length - at);
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.AsSpan(at, length).Fill(random.Next(2) == 0 ? (byte)0 : (byte)255);
                    break;
                case 3:
                    bytes = [.. bytes[..at], .. bytes[(at + length)..]];
                    break;
                case 4:
                    bytes = [.. bytes[..at], .. bytes[at..(at + length)], .. bytes[at..]];
                    break;
                case 5:
                    bytes[at] = Punctuation[random.Next(Punctuation.Length)];
                    break;
                case 6:
                    BitConverter.TryWriteBytes(bytes.AsSpan(at), Telling[random.Next(Telling.Length)]);
                    break;
                case 7:
                    bytes = bytes[..at];
                    break;
                default:
                    int from = Place(bytes.Length, random);
                    int moved = Math.Min(length * 4, bytes.Length - Math.Max(at, from));
                    bytes.AsSpan(from, moved).ToArray().CopyTo(bytes.AsSpan(at));
                    break;
            }
        }

        return bytes;
    }

    // Headers stand at the front, so half of the changes go there.
    private static int Place(int length, Random random) => random.Next(2) == 0 ? random.Next(length) : random.Next(Math.Min(length, 256));

    private static int CaseSeed(int seed, int index) => unchecked((seed * 7919) + (index * 104729));
}
