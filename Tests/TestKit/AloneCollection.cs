using Xunit;

namespace ManagedDyn.Tests.TestKit;

/// <summary>Tests that measure the whole process and so must not run beside others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "Alone";
}
