using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace ManagedDyn.Tests.House;

/// <summary>References between rooms point one way; what a room may use stands here, and nothing else is allowed.</summary>
public class ArrowTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Engine.Tensors"] = [],
        ["Engine.Selections"] = ["Engine.Tensors"],
        ["Engine.Autograd"] = ["Engine.Kernels", "Engine.Tensors"],
        ["Engine.Kernels"] = ["Engine.Selections", "Engine.Tensors"],
        ["Engine.Execution"] = ["Engine.Autograd", "Engine.Kernels", "Engine.Selections", "Engine.Tensors"],
        ["Engine.Operators"] = ["Engine.Execution", "Engine.Autograd", "Engine.Kernels", "Engine.Selections", "Engine.Tensors"],
        ["Engine.Formats"] = ["Engine.Tensors"],
        ["Layers.Static"] = ["Engine"],
        ["Layers.Decisions"] = ["Layers.Static", "Engine"],
        ["Layers.Mechanisms"] = ["Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.InstanceWise"] = ["Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.SpatialWise"] = ["Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.TemporalWise"] = ["Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.Models"] = ["Layers.InstanceWise", "Layers.SpatialWise", "Layers.TemporalWise", "Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.Data"] = ["Engine"],
        ["Layers.Training"] = ["Layers.Data", "Layers.Models", "Layers.InstanceWise", "Layers.SpatialWise", "Layers.TemporalWise", "Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.Inference"] = ["Layers.Data", "Layers.Models", "Layers.InstanceWise", "Layers.SpatialWise", "Layers.TemporalWise", "Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
        ["Layers.Onnx"] = ["Layers.Mechanisms", "Layers.Decisions", "Layers.Static", "Engine"],
    };

    public static TheoryData<string> Files()
    {
        TheoryData<string> files = [];
        foreach (string project in new[] { "Engine", "Layers" })
        {
            foreach (string file in SourceTree.Files(project))
            {
                files.Add(file);
            }
        }

        return files;
    }

    [Fact]
    public void Every_folder_is_a_known_room()
    {
        IEnumerable<string> unknown = Files().Select(row => RoomOf(row.Data)).Distinct().Where(room => !Allowed.ContainsKey(room));
        Assert.Empty(unknown);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_uses_only_rooms_below_its_own(string file)
    {
        string room = RoomOf(file);
        foreach (string line in SourceTree.Lines(file))
        {
            string text = line.Trim();
            if (text.StartsWith("namespace ", StringComparison.Ordinal))
            {
                string expected = "namespace ManagedDyn." + file[..file.LastIndexOf('/')].Replace('/', '.') + ";";
                Assert.Equal(expected, text);
            }

            const string Prefix = "using ManagedDyn.";
            if (text.StartsWith(Prefix, StringComparison.Ordinal) && !text.Contains('='))
            {
                string used = text[Prefix.Length..].TrimEnd(';');
                bool own = IsWithin(used, room);
                Assert.True(own || Allowed[room].Any(below => IsWithin(used, below)), $"{file} uses {used}; {room} may use {string.Join(", ", Allowed[room])}.");
            }
        }
    }

    private static string RoomOf(string file)
    {
        string[] parts = file.Split('/');
        return parts[0] + "." + parts[1];
    }

    private static bool IsWithin(string used, string room) =>
        used == room || used.StartsWith(room + ".", StringComparison.Ordinal);
}
