using System;

namespace ManagedDyn.Engine.Formats;

/// <summary>A file asks for more than the limits that it is read under: it may be sound, yet too large to take in.</summary>
public sealed class ModelLimitException : ModelFileException
{
    /// <summary>Makes the exception.</summary>
    public ModelLimitException()
    {
    }

    /// <summary>Makes the exception with its message.</summary>
    /// <param name="message">What was found and what is expected.</param>
    public ModelLimitException(string message)
        : base(message, null)
    {
    }

    /// <summary>Makes the exception with its message and cause.</summary>
    /// <param name="message">What was found and what is expected.</param>
    /// <param name="innerException">The cause.</param>
    public ModelLimitException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception from the place and what stands there.</summary>
    /// <param name="part">The part of the file, such as "safetensors header".</param>
    /// <param name="offset">The position in bytes from the start of the file; −1 when not known.</param>
    /// <param name="found">The value found.</param>
    /// <param name="expected">What is expected in its place.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public ModelLimitException(string part, long offset, string found, string expected, Exception? innerException = null)
        : base(part, offset, found, expected, innerException)
    {
    }
}
