namespace ManagedDyn.Engine.Formats.Npy;

/// <summary>How much an npy or npz file may ask for before it is refused with a <see cref="ModelLimitException"/>.</summary>
public sealed record NpyLimits
{
    /// <summary>The limits used when none are given.</summary>
    public static NpyLimits Default { get; } = new();

    /// <summary>The longest header in bytes.</summary>
    public int HeaderBytes { get; init; } = 1 << 16;

    /// <summary>The most bytes of values, of all arrays of a file together.</summary>
    public long DataBytes { get; init; } = int.MaxValue - 4096;

    /// <summary>The most arrays in an npz file.</summary>
    public int Entries { get; init; } = 100_000;

    /// <summary>The longest name of an array in an npz file, in characters.</summary>
    public int NameLength { get; init; } = 4096;

    /// <summary>How many times its packed size an array may be, where it takes more than <see cref="FreeBytes"/>.</summary>
    public int PackingRatio { get; init; } = 1000;

    /// <summary>Arrays up to this size are unpacked whatever the ratio.</summary>
    public int FreeBytes { get; init; } = 1 << 20;
}
