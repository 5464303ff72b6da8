using System.Threading;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.CommandLine;

/// <summary>What a verb gets from its surroundings.</summary>
public sealed record ToolContext(Terminal Terminal, CancellationToken Cancellation);
