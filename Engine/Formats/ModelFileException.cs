using System;

namespace ManagedDyn.Engine.Formats;

/// <summary>A file could not be read: what is common to <see cref="ModelFormatException"/> and <see cref="ModelLimitException"/>.</summary>
public abstract class ModelFileException : Exception
{
    private protected ModelFileException()
    {
        Part = string.Empty;
        Offset = -1;
    }

    private protected ModelFileException(string message, Exception? innerException)
        : base(message, innerException)
    {
        Part = string.Empty;
        Offset = -1;
    }

    private protected ModelFileException(string part, long offset, string found, string expected, Exception? innerException)
        : base(Describe(part, offset, found, expected), innerException)
    {
        Part = part;
        Offset = offset;
    }

    /// <summary>The part of the file that is wrong, such as "safetensors header" or "tensor 'fc.weight'".</summary>
    public string Part { get; }

    /// <summary>Where in the file it stands, in bytes from its start; −1 when that is not known.</summary>
    public long Offset { get; }

    private static string Describe(string part, long offset, string found, string expected) =>
        offset < 0
            ? $"{part}: found {found}; expected {expected}."
            : $"{part} at byte {offset}: found {found}; expected {expected}.";
}
