namespace ManagedDyn.Tool;

/// <summary>What the process returns to its caller.</summary>
public enum ExitCode
{
    Ok = 0,
    Failed = 1,
    WrongUsage = 2,
}
