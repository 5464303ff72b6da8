using System.Collections.Generic;
using ManagedDyn.Tool.CommandLine;

namespace ManagedDyn.Tool.Verbs;

/// <summary>The commands of the tool, in the order in which help shows them.</summary>
public static class VerbCatalogue
{
    public static IReadOnlyList<Verb> Create() => [new DemoVerb(), new TrainVerb(), new EvalVerb(), new RunVerb(), new InfoVerb(), new BenchVerb(), new StudyVerb(), new VerifyVerb(), new SelftestVerb()];
}
