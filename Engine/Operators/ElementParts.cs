using System;

namespace ManagedDyn.Engine.Operators;

/// <summary>How elementwise work is cut for threads: by the number of elements alone.</summary>
internal static class ElementParts
{
    /// <summary>Elements of a part: enough that handing it to a thread costs little beside it.</summary>
    public const int Length = 32768;

    public static int Count(int elements) => (int)(((long)elements + Length - 1) / Length);

    public static int From(int part) => part * Length;

    public static int To(int part, int elements) => (int)Math.Min(elements, ((long)part + 1) * Length);
}
