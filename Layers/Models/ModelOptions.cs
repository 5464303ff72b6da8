using System;
using System.Text.Json;

namespace ManagedDyn.Layers.Models;

/// <summary>What a network is made from: plain values, which a model file keeps and a reader can check.</summary>
public abstract record ModelOptions
{
    /// <summary>Checks that the sizes make a network.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the option, its value and what is expected.</exception>
    public abstract void Validate();

    /// <summary>Writes the options as one JSON object.</summary>
    internal abstract void Write(Utf8JsonWriter writer);
}
