namespace ManagedDyn.Layers.Models;

/// <summary>What the recurrent layer of a classifier of sequences leaves out.</summary>
public enum RecurrentMethod
{
    /// <summary>Nothing.</summary>
    Static,

    /// <summary>Whole updates (Skip RNN).</summary>
    Skip,

    /// <summary>Most units of an update (Skim-RNN).</summary>
    Skim,
}
