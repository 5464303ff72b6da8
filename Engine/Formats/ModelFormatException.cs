using System;

namespace ManagedDyn.Engine.Formats;

/// <summary>The content of a file does not follow its format: it was damaged, cut short, or made to mislead.</summary>
public sealed class ModelFormatException : ModelFileException
{
    /// <summary>Makes the exception.</summary>
    public ModelFormatException()
    {
    }

    /// <summary>Makes the exception with its message.</summary>
    /// <param name="message">What was found and what is expected.</param>
    public ModelFormatException(string message)
        : base(message, null)
    {
    }

    /// <summary>Makes the exception with its message and cause.</summary>
    /// <param name="message">What was found and what is expected.</param>
    /// <param name="innerException">The cause.</param>
    public ModelFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Makes the exception from the place and what stands there.</summary>
    /// <param name="part">The part of the file, such as "safetensors header".</param>
    /// <param name="offset">The position in bytes from the start of the file; −1 when not known.</param>
    /// <param name="found">The value found.</param>
    /// <param name="expected">What is expected in its place.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public ModelFormatException(string part, long offset, string found, string expected, Exception? innerException = null)
        : base(part, offset, found, expected, innerException)
    {
    }
}
