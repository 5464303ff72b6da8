using System.Collections.Generic;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>Names and values: settings, the machine.</summary>
public sealed record FactsBlock(string Title, IReadOnlyList<Fact> Facts) : Block;
