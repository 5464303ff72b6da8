using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace ManagedDyn.Tests.House;

/// <summary>The README says what is true: its C# is code that tests run, its links lead somewhere, its commands are verbs of the tool.</summary>
public partial class ReadmeTests
{
    private static readonly string Readme = SourceTree.Text("README.md");

    [Fact]
    public void Every_line_of_CSharp_stands_in_the_tested_examples_in_order()
    {
        string[] tested = [.. SourceTree.Lines("Tests/House/ReadmeExamples.cs").Select(line => line.Trim())];
        foreach (Match block in CSharpBlock().Matches(Readme))
        {
            int at = -1;
            foreach (string line in block.Groups["code"].Value.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal)))
            {
                int next = Array.IndexOf(tested, line, at + 1);
                Assert.True(next >= 0, $"This line of the README is not tested, or not in this order: {line}");
                at = next;
            }
        }

        Assert.NotEmpty(CSharpBlock().Matches(Readme));
    }

    [Fact]
    public void Every_local_link_leads_to_a_file()
    {
        foreach (Match link in Link().Matches(Readme))
        {
            string target = link.Groups["target"].Value;
            if (!target.StartsWith("http", StringComparison.Ordinal) && !target.StartsWith('#'))
            {
                Assert.True(Path.Exists(Path.Combine(SourceTree.Root, target)), $"The README links to {target}, which is not there.");
            }
        }
    }

    [Fact]
    public void Every_command_is_a_verb_of_the_tool()
    {
        HashSet<string> verbs = [.. ManagedDyn.Tool.Verbs.VerbCatalogue.Create().Select(verb => verb.Command.Name)];
        foreach (Match command in Command().Matches(Readme))
        {
            Assert.Contains(command.Groups["verb"].Value, verbs);
        }
    }

    [GeneratedRegex("```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"(?:^|\$ |-- )mdyn (?<verb>[a-z]+)", RegexOptions.Multiline)]
    private static partial Regex Command();
}
