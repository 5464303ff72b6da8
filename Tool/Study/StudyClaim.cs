namespace ManagedDyn.Tool.Study;

/// <summary>What a method promises beside its static counterpart.</summary>
public enum StudyClaim
{
    /// <summary>Fewer multiply-adds at nearly the same accuracy.</summary>
    SavesCompute,

    /// <summary>At least the same accuracy at nearly the same multiply-adds.</summary>
    AddsAccuracy,
}
