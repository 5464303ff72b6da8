using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Verification;
using Xunit;

namespace ManagedDyn.Tests.Tool.Verification;

public sealed class TensorProtoTests
{
    /// <summary>dims 2, 3; float; name "x"; raw data 1 to 6.</summary>
    private static byte[] Sample()
    {
        List<byte> file = [0x08, 2, 0x08, 3, 0x10, 1, 0x42, 1, (byte)'x', 0x4A, 24];
        for (int i = 1; i <= 6; i++)
        {
            file.AddRange(BitConverter.GetBytes((float)i));
        }

        return [.. file];
    }

    [Fact]
    public void ReadsRawAndPackedFloats()
    {
        Tensor raw = TensorProto.Read(Sample());
        Assert.Equal(new Shape(2, 3), raw.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], raw.ToArray());
        List<byte> packed = [0x0A, 1, 2, 0x10, 1, 0x22, 8, .. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)];
        Assert.Equal([1.5f, -2f], TensorProto.Read(packed.ToArray()).ToArray());
    }

    [Fact]
    public void TruncatedAndAlteredBytesAreRefusedOrRead()
    {
        byte[] sound = Sample();
        for (int length = 0; length < sound.Length; length++)
        {
            byte[] cut = sound[..length];
            Assert.Throws<InvalidDataException>(() => TensorProto.Read(cut));
        }

        const int Seed = 5;
        Random random = new(Seed);
        for (int i = 0; i < 5000; i++)
        {
            byte[] altered = (byte[])sound.Clone();
            altered[random.Next(altered.Length)] = (byte)random.Next(256);
            altered[random.Next(altered.Length)] = (byte)random.Next(256);
            try
            {
                Assert.True(TensorProto.Read(altered).Count <= 6);
            }
            catch (InvalidDataException)
            {
                // Refused.
            }
        }
    }
}
