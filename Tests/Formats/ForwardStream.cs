using System;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Tests.Formats;

/// <summary>A stream like a pipe: no length, no seeking, and few bytes at a time.</summary>
public sealed class ForwardStream(byte[] bytes, int portion = 1000) : ForwardReadStream
{
    private int _position;

    public override int Read(Span<byte> buffer)
    {
        int taken = Math.Min(Math.Min(buffer.Length, portion), bytes.Length - _position);
        bytes.AsSpan(_position, taken).CopyTo(buffer);
        _position += taken;
        return taken;
    }
}
