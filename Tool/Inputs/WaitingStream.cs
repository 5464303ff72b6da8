using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using ManagedDyn.Engine.Formats;

namespace ManagedDyn.Tool.Inputs;

/// <summary>Reads what may be long in coming, such as what a person types, on another thread, so that waiting for it can be called off.</summary>
internal sealed class WaitingStream(Stream inner, CancellationToken cancellation) : ForwardReadStream
{
    private readonly byte[] _buffer = new byte[1 << 14];
    private Task<int>? _coming;
    private int _start;
    private int _end;

    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">Waiting was called off.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (_start == _end)
        {
            cancellation.ThrowIfCancellationRequested();
            _coming = Task.Run(Fill, CancellationToken.None);
            (_start, _end) = (0, _coming.WaitAsync(cancellation).GetAwaiter().GetResult());
        }

        int count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        // What another thread still reads ends with the process.
        if (disposing && _coming is not { IsCompleted: false })
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Fill() => inner.Read(_buffer);
}
