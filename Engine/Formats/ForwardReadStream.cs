using System;
using System.IO;

namespace ManagedDyn.Engine.Formats;

/// <summary>
/// The base of a stream that is only read, from its start to its end: no length, no position, no seeking, no writing. A derived class says what
/// <see cref="Read(Span{byte})"/> gives, and closes in <see cref="Stream.Dispose(bool)"/> what it owns; all other ways to read lead there.
/// </summary>
public abstract class ForwardReadStream : Stream
{
    /// <inheritdoc/>
    public sealed override bool CanRead => true;

    /// <inheritdoc/>
    public sealed override bool CanSeek => false;

    /// <inheritdoc/>
    public sealed override bool CanWrite => false;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads the next bytes: at least one, unless <paramref name="buffer"/> is empty or the stream has ended; at most as many as fit.</summary>
    /// <param name="buffer">Where they go, from its start.</param>
    /// <returns>How many bytes were read; 0 at the end.</returns>
    public abstract override int Read(Span<byte> buffer);

    /// <inheritdoc/>
    public sealed override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <summary>Does nothing, as nothing is written.</summary>
    public sealed override void Flush()
    {
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
