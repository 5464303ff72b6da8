using System;
using System.IO;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Layers.Data;

/// <summary>Reads a stream up to a number of bytes: what little packed data unpack to is not known before.</summary>
internal sealed class LimitedStream(Stream inner, long most, string name, string kind) : ForwardReadStream
{
    private long _count;

    /// <inheritdoc/>
    /// <exception cref="ModelLimitException">There are more bytes than allowed.</exception>
    public override int Read(Span<byte> buffer)
    {
        int count = inner.Read(buffer);
        _count += count;
        return _count <= most ? count : throw new ModelLimitException(name, -1, $"more than {most} bytes", $"at most {most} of {kind}, unpacked");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
