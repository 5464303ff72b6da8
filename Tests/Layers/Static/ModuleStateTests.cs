using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Layers.Training;
using Xunit;

namespace ManagedDyn.Tests.Layers.Static;

public class ModuleStateTests
{
    [Fact]
    public void What_is_saved_loads_with_the_same_bits()
    {
        PlainModule from = Build();
        Fill(from, 1);
        SafetensorsWriter writer = new();
        ModuleState.Save(from, writer);
        PlainModule to = Build();
        ModuleState.Load(to, SafetensorsFile.Parse(writer.ToArray()));
        AssertSame(from, to);
    }

    [Fact]
    public void A_prefix_sets_a_module_apart()
    {
        PlainModule from = Build();
        Fill(from, 1);
        SafetensorsWriter writer = new();
        ModuleState.Save(from, writer, "model.");
        writer.Add("optimizer.momentum", Tensor.Zeros(new Shape(2)));
        PlainModule to = Build();
        ModuleState.Load(to, SafetensorsFile.Parse(writer.ToArray()), prefix: "model.");
        AssertSame(from, to);
    }

    [Fact]
    public void Names_from_elsewhere_are_mapped()
    {
        PlainModule from = Build();
        Fill(from, 2);
        SafetensorsWriter writer = new();
        writer.Add("module.features.0.weight", from.Parameters[0].Value);
        writer.Add("module.features.1.weight", ((PlainModule)from.Children[0].Value).Parameters[0].Value);
        writer.Add("module.features.1.running_mean", ((PlainModule)from.Children[0].Value).Parameters[1].Value);
        writer.Add<long>("module.features.1.num_batches_tracked", Shape.Scalar, [7]);
        writer.Add("module.aux.weight", Tensor.Zeros(new Shape(9)));
        NameMap map = new NameMap().Rename("module.features.0", string.Empty).Rename("module.features.1", "norm").LeaveOut("module.aux");
        PlainModule to = Build();
        ModuleState.Load(to, SafetensorsFile.Parse(writer.ToArray()), map);
        AssertSame(from, to);
    }

    [Fact]
    public void Maps_are_read_from_JSON_and_the_longest_rule_wins()
    {
        NameMap map = NameMap.Parse("""{"a": "x", "a.b": "y", "a.b.c": null}""");
        Assert.Equal("x.weight", map.Resolve("a.weight"));
        Assert.Equal("y.weight", map.Resolve("a.b.weight"));
        Assert.Equal("y", map.Resolve("a.b"));
        Assert.Null(map.Resolve("a.b.c.weight"));
        Assert.Equal("ab.weight", map.Resolve("ab.weight"));
        Assert.Throws<ArgumentException>(() => NameMap.Parse("[1]"));
        Assert.Throws<ArgumentException>(() => NameMap.Parse("""{"a": 1}"""));
        Assert.Throws<ArgumentException>(() => NameMap.Parse("{"));
        Assert.Throws<ArgumentException>(() => NameMap.Parse("""{"a": "x", "a": "y"}"""));
    }

    [Fact]
    public void All_mismatches_are_listed_at_once_and_nothing_is_changed()
    {
        SafetensorsWriter writer = new();
        writer.Add("weight", Tensor.Zeros(new Shape(3, 2)));
        writer.Add<int>("norm.weight", new Shape(3), [1, 2, 3]);
        writer.Add("surplus", Tensor.Zeros(new Shape(4)));
        PlainModule module = Build();
        Fill(module, 3);
        float[] before = module.Parameters[0].Value.ToArray();
        StateMismatchException error = Assert.Throws<StateMismatchException>(() => ModuleState.Load(module, SafetensorsFile.Parse(writer.ToArray())));
        Assert.Equal(4, error.Mismatches.Count);
        Assert.Contains("weight has shape [3, 2]; expected [2, 3]", error.Mismatches);
        Assert.Contains("norm.weight has element type I32; expected F32, F64, F16 or BF16", error.Mismatches);
        Assert.Contains("norm.running_mean is missing; expected [3]", error.Mismatches);
        Assert.Contains("'surplus' [4] is not expected", error.Mismatches);
        Assert.StartsWith("4 mismatches, nothing was loaded: ", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, module.Parameters[0].Value.ToArray());
    }

    [Fact]
    public void Two_sources_for_one_parameter_are_refused()
    {
        SafetensorsWriter writer = new();
        ModuleState.Save(Build(), writer);
        writer.Add("other", Tensor.Zeros(new Shape(2, 3)));
        StateMismatchException error = Assert.Throws<StateMismatchException>(
            () => ModuleState.Load(Build(), SafetensorsFile.Parse(writer.ToArray()), new NameMap().Rename("other", "weight")));
        Assert.Contains("given by both", Assert.Single(error.Mismatches), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_are_not_finite_are_refused()
    {
        PlainModule from = Build();
        from.Parameters[0].Value.Span[5] = float.NaN;
        SafetensorsWriter writer = new();
        ModuleState.Save(from, writer);
        StateMismatchException error = Assert.Throws<StateMismatchException>(() => ModuleState.Load(Build(), SafetensorsFile.Parse(writer.ToArray())));
        Assert.Equal("weight holds NaN or infinity; expected finite values", Assert.Single(error.Mismatches));
    }

    private static PlainModule Build()
    {
        PlainModule module = new();
        module.AddParameter("weight", new Shape(2, 3));
        PlainModule norm = module.AddChild("norm", new PlainModule());
        norm.AddParameter("weight", new Shape(3));
        norm.AddParameter("running_mean", new Shape(3), isTrainable: false);
        return module;
    }

    private static void Fill(PlainModule module, int start)
    {
        foreach ((_, Parameter parameter) in module.NamedParameters())
        {
            foreach (ref float value in parameter.Value.Span)
            {
                value = start++ / 3f;
            }
        }
    }

    private static void AssertSame(PlainModule from, PlainModule to)
    {
        var expected = from.NamedParameters();
        var actual = to.NamedParameters();
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Key, actual[i].Key);
            Assert.Equal(expected[i].Value.Value.ToArray(), actual[i].Value.Value.ToArray());
        }
    }
}
