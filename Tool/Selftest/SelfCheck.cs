using System;

namespace ManagedDyn.Tool.Selftest;

/// <summary>One check of this build: what it shows, and a body that returns a word about what it saw or throws.</summary>
public sealed record SelfCheck(string Name, string Claim, Func<string> Body);
