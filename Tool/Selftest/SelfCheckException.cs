using System;

namespace ManagedDyn.Tool.Selftest;

/// <summary>A check found something else than it should have.</summary>
public sealed class SelfCheckException : Exception
{
    public SelfCheckException()
    {
    }

    public SelfCheckException(string message)
        : base(message)
    {
    }

    public SelfCheckException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Throws unless the condition holds.</summary>
    public static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new SelfCheckException(message);
        }
    }
}
