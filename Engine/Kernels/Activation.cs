namespace ManagedDyn.Engine.Kernels;

/// <summary>The non-linear function that an <see cref="Epilogue"/> applies last.</summary>
public enum Activation
{
    /// <summary>y = x.</summary>
    None,

    /// <summary>y = max(x, 0); NaN stays NaN.</summary>
    Relu,
}
