using System;
using System.Collections.Generic;
using System.IO;
using Xunit;

namespace ManagedDyn.Tests.Goldens;

[Trait("Kind", "Goldens")]
public sealed class GoldenTests
{
    private static readonly GoldenSet Set = GoldenSet.Open();

    public static IEnumerable<TheoryDataRow<string, string>> Cases()
    {
        foreach ((string layer, string name) in Set.Names())
        {
            bool awaits = Set.IsOwn && !GoldenCatalogue.TryFind(layer, out _);
            yield return new TheoryDataRow<string, string>(layer, name) { Skip = awaits ? $"{layer} has no code yet" : null };
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Layer_gives_the_reference_outputs_and_gradients(string layer, string name)
    {
        Assert.True(GoldenCatalogue.TryFind(layer, out Action<GoldenCase> runner), $"Layer {layer} of {Set.Folder} is mapped to no code; add it to {nameof(GoldenCatalogue)}.");
        GoldenCase golden = Set.Case(layer, name);
        runner(golden);
        golden.AssertComplete();
    }

    [Fact]
    public void Every_layer_of_the_catalogue_has_vectors_here()
    {
        Assert.SkipUnless(Set.IsOwn, "Checks the vectors of this repository.");
        List<string> missing = [];
        foreach (string layer in GoldenCatalogue.Layers)
        {
            if (!Set.Layers.Contains(layer))
            {
                missing.Add(layer);
            }
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void Index_lists_each_file_of_the_folder_once()
    {
        List<string> listed = [];
        foreach ((string layer, string name) in Set.Names())
        {
            listed.Add($"{layer}/{name}");
        }

        List<string> found = [];
        foreach (string file in Directory.EnumerateFiles(Set.Folder, "*.safetensors", SearchOption.AllDirectories))
        {
            found.Add($"{Path.GetFileName(Path.GetDirectoryName(file))}/{Path.GetFileNameWithoutExtension(file)}");
        }

        listed.Sort(StringComparer.Ordinal);
        found.Sort(StringComparer.Ordinal);
        Assert.NotEmpty(listed);
        Assert.Equal(listed, found);
    }
}
