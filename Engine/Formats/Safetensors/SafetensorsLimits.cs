namespace ManagedDyn.Engine.Formats.Safetensors;

/// <summary>How much a safetensors file may ask for before it is refused with a <see cref="ModelLimitException"/>.</summary>
public sealed record SafetensorsLimits
{
    /// <summary>The limits used when none are given.</summary>
    public static SafetensorsLimits Default { get; } = new();

    /// <summary>The largest header in bytes; the reference implementation's limit.</summary>
    public int HeaderBytes { get; init; } = 100_000_000;

    /// <summary>The largest number of tensors, and of metadata entries.</summary>
    public int Entries { get; init; } = 1_000_000;

    /// <summary>The longest tensor name or metadata key in bytes of UTF-8.</summary>
    public int NameBytes { get; init; } = 4096;

    /// <summary>The largest data part in bytes; it is held in one array, so no limit beyond 2 GiB has an effect.</summary>
    public long DataBytes { get; init; } = int.MaxValue - 4096;
}
