using System;

namespace ManagedDyn.Engine.Tensors;

/// <summary>A computation asked for more memory than the limit that it was given.</summary>
public sealed class MemoryLimitException : Exception
{
    /// <summary>Makes the exception.</summary>
    public MemoryLimitException()
    {
    }

    /// <summary>Makes the exception with its message.</summary>
    /// <param name="message">What was asked for and what the limit is.</param>
    public MemoryLimitException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its message and cause.</summary>
    /// <param name="message">What was asked for and what the limit is.</param>
    /// <param name="innerException">The cause.</param>
    public MemoryLimitException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
