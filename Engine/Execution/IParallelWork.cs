namespace ManagedDyn.Engine.Execution;

/// <summary>Work in parts that may run at the same time and in any order; which thread runs a part must not matter to its result.</summary>
public interface IParallelWork
{
    /// <summary>Runs one part.</summary>
    /// <param name="part">From 0 to the number of parts, exclusive.</param>
    void Execute(int part);
}
