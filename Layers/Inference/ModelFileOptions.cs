using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Layers.Inference;

/// <summary>How model files are read.</summary>
public sealed record ModelFileOptions
{
    /// <summary>The options used when none are given.</summary>
    public static ModelFileOptions Default { get; } = new();

    /// <summary>What a file may ask for; by default a header of 16 MiB and 1 GiB of weights.</summary>
    public SafetensorsLimits FileLimits { get; init; } = new() { HeaderBytes = 16 << 20, DataBytes = 1L << 30, Entries = 100_000, NameBytes = 1024 };

    /// <summary>What the frozen model may use.</summary>
    public Limits Limits { get; init; } = Limits.Default;

    /// <summary>Architectures beside those of <see cref="ModelCatalogue"/>: a program's own networks.</summary>
    public IReadOnlyList<ModelArchitecture> Architectures { get; init; } = [];
}
