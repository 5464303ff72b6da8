using System;
using System.Globalization;

namespace ManagedDyn.Tool.Inputs;

/// <summary>The inputs of one file, one after another; holds no more than the one it reads.</summary>
internal abstract class InputSource(string path) : IDisposable
{
    protected string Path { get; } = path;

    /// <summary>Whether it is no mistake when there is no input at all.</summary>
    public virtual bool MayBeEmpty => false;

    /// <summary>The next input; null at the end of the file.</summary>
    /// <exception cref="Engine.Formats.ModelFileException">The file is not sound.</exception>
    public abstract InputSample? Next();

    public abstract void Dispose();

    protected string Numbered(int index) => string.Create(CultureInfo.InvariantCulture, $"{Path}[{index}]");
}
