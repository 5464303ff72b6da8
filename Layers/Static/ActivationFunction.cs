namespace ManagedDyn.Layers.Static;

/// <summary>The functions that <see cref="Activate"/> applies to each element.</summary>
public enum ActivationFunction
{
    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x for x &gt; 0, else 0.01 x.</summary>
    LeakyRelu,

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>x Φ(x) with the exact error function.</summary>
    Gelu,

    /// <summary>x / (1 + e⁻ˣ).</summary>
    Silu,

    /// <summary>x min(max(x + 3, 0), 6) / 6.</summary>
    HardSwish,
}
