using System;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Formats.Safetensors;

/// <summary>A small file with something of everything.</summary>
public static class SafetensorsSample
{
    public static SafetensorsWriter Writer()
    {
        SafetensorsWriter writer = new();
        writer.SetMetadata("format", "mdyn");
        writer.SetMetadata("names", "Schön \"quoted\" \n日本 😀");
        writer.Add("z.weight", Tensor.From(new Shape(2, 3), [1, -2, 3.5f, float.NaN, float.NegativeInfinity, -0f]));
        writer.Add("scalar", Tensor.From(Shape.Scalar, [7]));
        writer.Add<long>("ids", new Shape(3), [long.MinValue, -1, long.MaxValue]);
        writer.Add<ulong>("big", new Shape(1), [long.MaxValue]);
        writer.Add<byte>("bytes", new Shape(5), [0, 1, 127, 128, 255]);
        writer.Add<bool>("mask", new Shape(3), [true, false, true]);
        writer.Add<Half>("half", new Shape(2), [(Half)0.5f, Half.MaxValue]);
        writer.Add<double>("double", new Shape(2), [Math.PI, 1e300]);
        writer.Add<short>("shorts", new Shape(1, 2), [-300, 300]);
        writer.Add<sbyte>("signed", new Shape(2), [-128, 127]);
        writer.Add<float>("empty", new Shape(0, 4), []);
        return writer;
    }

    public static byte[] Bytes() => Writer().ToArray();
}
