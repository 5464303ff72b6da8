using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Formats.Safetensors;

/// <summary>One tensor of a safetensors file, as its header tells it.</summary>
public sealed class SafetensorsEntry
{
    /// <summary>How messages name a tensor, with its name behind.</summary>
    internal const string PartKind = "safetensors tensor ";

    internal SafetensorsEntry(string name, ElementType type, Shape shape, long begin, long byteCount, long headerOffset)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Begin = begin;
        ByteCount = byteCount;
        HeaderOffset = headerOffset;
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The element type.</summary>
    public ElementType Type { get; }

    /// <summary>The extents, row-major.</summary>
    public Shape Shape { get; }

    /// <summary>Where the values start, in bytes from the start of the data part.</summary>
    public long Begin { get; }

    /// <summary>The size of the values in bytes.</summary>
    public long ByteCount { get; }

    /// <summary>Where the header names the tensor, in bytes from the start of the file: for messages.</summary>
    internal long HeaderOffset { get; }

    /// <summary>Where the values end, in bytes from the start of the data part.</summary>
    internal long End => Begin + ByteCount;

    /// <summary>How messages name the tensor.</summary>
    internal string Part => PartKind + FileText.Quote(Name);

    /// <summary>The name, type and shape.</summary>
    public override string ToString() => $"{FileText.Quote(Name)} {Type} {Shape}";
}
