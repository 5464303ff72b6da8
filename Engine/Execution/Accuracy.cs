namespace ManagedDyn.Engine.Execution;

/// <summary>Which arithmetic the kernels may use.</summary>
public enum Accuracy
{
    /// <summary>
    /// Transformed arithmetic (Winograd) is allowed where it is faster. Which one runs depends on the layer's geometry and on a sample's own
    /// selection, never on batch, threads or timing; active outputs equal the dense ones within a stated bound.
    /// </summary>
    Fast,

    /// <summary>Direct arithmetic only: active outputs equal the dense ones bit for bit.</summary>
    Exact,
}
