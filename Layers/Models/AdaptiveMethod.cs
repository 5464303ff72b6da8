namespace ManagedDyn.Layers.Models;

/// <summary>What the recurrent layer of an <see cref="AdaptiveRnn"/> decides.</summary>
public enum AdaptiveMethod
{
    /// <summary>How many steps to jump over, or to stop (LSTM-Jump).</summary>
    Jump,

    /// <summary>How many units to update (variable computation).</summary>
    Variable,

    /// <summary>Where segments end, at which higher layers update (hierarchical multiscale).</summary>
    Hierarchical,

    /// <summary>How often to update at each step (adaptive computation time).</summary>
    Ponder,
}
