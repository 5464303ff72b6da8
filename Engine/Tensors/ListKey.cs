namespace ManagedDyn.Engine.Tensors;

/// <summary>What a list of integers that was made from another one depends on besides it: the kind of list, and its numbers.</summary>
internal readonly record struct ListKey(int Kind, int First, int Second, int Third, int Fourth, int Fifth, int Sixth);
