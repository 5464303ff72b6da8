using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace ManagedDyn.Tests.House;

/// <summary>Rules of the house that the compiler does not enforce.</summary>
public partial class SourceRuleTests
{
    private const int MostLines = 400;

    [Theory]
    [MemberData(nameof(ArrowTests.Files), MemberType = typeof(ArrowTests))]
    public void One_public_type_a_file_and_named_after_it(string file)
    {
        string[] types = [.. PublicType().Matches(SourceTree.Text(file)).Select(match => match.Groups["name"].Value)];
        string name = Path.GetFileNameWithoutExtension(file);
        Assert.True(types.Length <= 1, $"{file} declares {string.Join(", ", types)}.");
        Assert.True(types.Length == 0 || name == types[0] || name.StartsWith(types[0] + ".", StringComparison.Ordinal), $"{file} declares {string.Concat(types)}.");
    }

    [Theory]
    [MemberData(nameof(ArrowTests.Files), MemberType = typeof(ArrowTests))]
    public void No_file_is_longer_than_one_thing_needs(string file) =>
        Assert.InRange(SourceTree.Lines(file).Length, 1, MostLines);

    [Theory]
    [MemberData(nameof(ArrowTests.Files), MemberType = typeof(ArrowTests))]
    public void Public_classes_are_sealed_abstract_or_static(string file)
    {
        Match open = OpenClass().Match(SourceTree.Text(file));
        Assert.False(open.Success, $"{file}: {open.Value.Trim()}");
    }

    [Theory]
    [MemberData(nameof(ArrowTests.Files), MemberType = typeof(ArrowTests))]
    public void Unchecked_memory_access_stays_in_kernels_and_byte_readers(string file)
    {
        if (file.StartsWith("Engine/Kernels/", StringComparison.Ordinal) || file.StartsWith("Engine/Formats/", StringComparison.Ordinal))
        {
            return;
        }

        Match found = UncheckedAccess().Match(SourceTree.Text(file));
        Assert.False(found.Success, $"{file} uses {found.Value}; only Engine/Kernels and Engine/Formats may.");
    }

    [Fact]
    public void Engine_and_Layers_use_only_the_two_packages()
    {
        string[] allowed = ["CommunityToolkit.HighPerformance", "System.Numerics.Tensors", "Microsoft.CodeAnalysis.BannedApiAnalyzers", "Microsoft.CodeAnalysis.PublicApiAnalyzers"];
        foreach (string project in new[] { "Engine/Engine.csproj", "Layers/Layers.csproj" })
        {
            foreach (Match match in PackageReference().Matches(SourceTree.Text(project)))
            {
                Assert.Contains(match.Groups["name"].Value, allowed);
            }
        }
    }

    [GeneratedRegex(@"^public (?:readonly |sealed |abstract |static |partial |ref |unsafe )*(?:class|struct|interface|enum|record struct|record class|record|delegate [\w<>\[\]?]+) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"^(?:public|internal) (?:partial )?class \w+", RegexOptions.Multiline)]
    private static partial Regex OpenClass();

    [GeneratedRegex(@"\bunsafe\b|\bUnsafe\.|\bMemoryMarshal\.")]
    private static partial Regex UncheckedAccess();

    [GeneratedRegex("<PackageReference Include=\"(?<name>[^\"]+)\"")]
    private static partial Regex PackageReference();
}
