using System;
using System.IO;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Safetensors;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

public sealed class ModelFileTests
{
    private static readonly ModelFileOptions Options = new() { Architectures = [new TinyNetwork.Architecture()] };

    [Fact]
    public void A_model_read_back_is_the_same_model()
    {
        Model model = Make();
        byte[] bytes = Bytes(model);
        Model read = ModelFile.Read(new MemoryStream(bytes), Options);
        ModelDescription expected = model.Description;
        ModelDescription actual = read.Description;
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected.Temperatures, actual.Temperatures);
        Assert.Equal(expected.Criterion.Name, actual.Criterion.Name);
        Assert.Equal(expected.Training.Entries.ToArray(), actual.Training.Entries.ToArray());
        Assert.Equal(expected.Preprocessing!.Mean.ToArray(), actual.Preprocessing!.Mean.ToArray());
        Assert.Equal(expected.Preprocessing.Scale.ToArray(), actual.Preprocessing.Scale.ToArray());
        Assert.Equal(expected.Points.Count, actual.Points.Count);
        for (int i = 0; i < expected.Points.Count; i++)
        {
            Assert.Equal(expected.Points[i].Name, actual.Points[i].Name);
            Assert.Equal(expected.Points[i].Thresholds.Values.ToArray(), actual.Points[i].Thresholds.Values.ToArray());
            Assert.Equal(expected.Points[i].MacsBudget, actual.Points[i].MacsBudget);
            Assert.Equal(expected.Points[i].ExpectedAccuracy, actual.Points[i].ExpectedAccuracy);
            Assert.Equal(expected.Points[i].ExpectedMacs, actual.Points[i].ExpectedMacs);
        }

        byte[] input = new byte[model.SampleShape.Count];
        new Random(4).NextBytes(input);
        float[] first = new float[model.ClassCount];
        float[] second = new float[model.ClassCount];
        Prediction before = new Session(model).Predict(input, first, Budget.Calibrated());
        Prediction after = new Session(read).Predict(input, second, Budget.Calibrated());
        Assert.Equal(before with { Duration = default }, after with { Duration = default });
        Assert.Equal(first, second);
        Assert.Equal(bytes, Bytes(read));
    }

    [Fact]
    public void A_file_cut_at_any_byte_is_refused()
    {
        byte[] bytes = Bytes(Make());
        for (int length = 0; length < bytes.Length; length++)
        {
            MemoryStream cut = new(bytes, 0, length);
            Assert.ThrowsAny<ModelFileException>(() => ModelFile.Read(cut, Options));
        }
    }

    [Fact]
    public void A_file_altered_at_random_is_a_sound_model_or_refused()
    {
        byte[] bytes = Bytes(Make());
        int header = 8 + BitConverter.ToInt32(bytes, 0);
        const int Seed = 77;
        Random random = new(Seed);
        int refused = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] altered = [.. bytes];
            int changes = 1 + random.Next(3);
            for (int change = 0; change < changes; change++)
            {
                altered[random.Next(random.Next(4) == 0 ? bytes.Length : header)] = (byte)random.Next(256);
            }

            try
            {
                Model model = ModelFile.Read(new MemoryStream(altered), Options);
                Prediction prediction = new Session(model).Predict(new float[model.SampleShape.Count], [], Budget.Full);
                Assert.InRange(prediction.Label, 0, model.ClassCount - 1);
            }
            catch (ModelFileException)
            {
                refused++;
            }
            catch (ArithmeticException)
            {
                // Weights that are finite and huge: found out when they overflow.
            }
            catch (Exception exception)
            {
                Assert.Fail($"Seed {Seed}, file {i}: {exception}");
            }
        }

        Assert.InRange(refused, 500, 1500);
    }

    [Theory]
    [InlineData("\"version\":1", "\"version\":2", "format version 2")]
    [InlineData("\"version\":1", "\"version\":1.5", "1.5")]
    [InlineData("\"version\":1", "\"version\":1,\"version\":1", "version")]
    [InlineData("\"name\":\"tiny\"", "\"name\":\"huge\"", "huge")]
    [InlineData("\"width\":6", "\"width\":1000000000", "1000000000")]
    [InlineData("\"width\":6", "\"width\":6,\"depth\":3", "depth")]
    [InlineData("\"width\":6", "\"width\":7", "head0")]
    [InlineData("\"classes\":3", "\"classes\":4", "head0")]
    [InlineData("\"cat\"", "\"cat\",\"cow\"", "labels")]
    [InlineData("\"cat\"", "\"c\\u001bat\"", "control")]
    [InlineData("\"cat\"", "\"\\ud800\"", "")]
    [InlineData("[0.5,null]", "[0.5,-1]", "-1")]
    [InlineData("[0.5,null]", "[0.5,1e400]", "1e400")]
    [InlineData("[0.5,null]", "[0.5,\"NaN\"]", "NaN")]
    [InlineData("[0.5,null]", "[0.5]", "1 thresholds")]
    [InlineData("[1,2,0.5]", "[1,0,0.5]", "temperatures")]
    [InlineData("[1,2,0.5]", "[1,2]", "temperatures")]
    [InlineData("\"scale\":[4]", "\"scale\":[0]", "scale 0")]
    [InlineData("\"shape\":[2,2,1],\"mean\"", "\"shape\":[4,1,1],\"mean\"", "[4, 1, 1]")]
    [InlineData("\"margin\"", "\"mood\"", "mood")]
    [InlineData("\"expectedAccuracy\":0.9", "\"expectedAccuracy\":9", "expectedAccuracy")]
    [InlineData("\"seed\":\"7\"", "\"seed\":7", "seed")]
    public void A_document_that_says_something_impossible_is_refused_with_what_was_found(string part, string replacement, string named)
    {
        SafetensorsFile file = SafetensorsFile.Parse(Bytes(Make()));
        string json = file.Metadata[ModelFile.MetadataKey];
        Assert.Contains(part, json, StringComparison.Ordinal);
        byte[] altered = Rewrite(file, json.Replace(part, replacement, StringComparison.Ordinal), "");
        ModelFileException exception = Assert.ThrowsAny<ModelFileException>(() => ModelFile.Read(new MemoryStream(altered), Options));
        Assert.Contains(named, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void All_tensors_that_do_not_fit_are_told_at_once()
    {
        SafetensorsFile file = SafetensorsFile.Parse(Bytes(Make()));
        byte[] altered = Rewrite(file, file.Metadata[ModelFile.MetadataKey], "head1", "weight2");
        ModelFormatException exception = Assert.Throws<ModelFormatException>(() => ModelFile.Read(new MemoryStream(altered), Options));
        foreach (string name in new[] { "head1", "weight2", "head1x", "weight2x" })
        {
            Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_weight_that_is_not_finite_is_refused_by_name()
    {
        foreach (float wrong in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            TinyNetwork network = Network();
            Parameter head = network.NamedParameters()[3].Value;
            head.Value.Span[2] = wrong;
            ArgumentException exception = Assert.Throws<ArgumentException>(() => new Model(network));
            Assert.Contains(head.Name, exception.Message, StringComparison.Ordinal);
            Assert.Contains("element 2", exception.Message, StringComparison.Ordinal);
            Assert.False(network.IsFrozen);
        }

        SafetensorsFile file = SafetensorsFile.Parse(Bytes(Make()));
        SafetensorsWriter writer = new();
        writer.SetMetadata(ModelFile.MetadataKey, file.Metadata[ModelFile.MetadataKey]);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            Tensor tensor = file.ReadTensor(entry.Name);
            tensor.Span[0] = entry.Name == "weight1" ? float.NaN : tensor.Span[0];
            writer.Add(entry.Name, tensor);
        }

        ModelFileException refused = Assert.ThrowsAny<ModelFileException>(() => ModelFile.Read(new MemoryStream(writer.ToArray()), Options));
        Assert.Contains("weight1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_origin_and_one_beyond_the_limits_are_refused()
    {
        SafetensorsWriter writer = new();
        writer.Add("x", Tensor.From(new Shape(1), [1f]));
        Assert.Contains("manageddyn", Assert.ThrowsAny<ModelFileException>(() => ModelFile.Read(new MemoryStream(writer.ToArray()))).Message, StringComparison.Ordinal);
        ModelFileOptions tight = Options with { FileLimits = new SafetensorsLimits { DataBytes = 100 } };
        Assert.Throws<ModelLimitException>(() => ModelFile.Read(new MemoryStream(Bytes(Make())), tight));
    }

    [Fact]
    public void A_network_that_no_catalogue_names_cannot_be_saved_and_nothing_is_written()
    {
        string path = Path.Combine(Path.GetTempPath(), $"manageddyn-{Guid.NewGuid():N}.safetensors");
        File.WriteAllText(path, "old");
        try
        {
            Assert.Throws<ArgumentException>(() => ModelFile.Save(new Model(Network()), path));
            Assert.Equal("old", File.ReadAllText(path));
            ModelFile.Save(Make(), path);
            Assert.Equal(3, ModelFile.Load(path, Options).ExitCount);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Descriptions_that_do_not_fit_freeze_nothing()
    {
        ModelDescription[] wrong =
        [
            new() { Labels = ["one"] },
            new() { Labels = ["a", "b", "c\n"] },
            new() { Temperatures = [1f, float.NaN, 1f] },
            new() { Temperatures = [1f] },
            new() { Preprocessing = Preprocessing.Unit(new Shape(3, 3, 1)) },
            new() { Points = [new OperatingPoint("p", new ExitThresholds(0.5f))] },
            new() { Points = [new OperatingPoint("p", new ExitThresholds(0.5f, 0.5f)), new OperatingPoint("p", new ExitThresholds(0.5f, 0.5f))] },
            new() { Points = [new OperatingPoint("", new ExitThresholds(0.5f, 0.5f))] },
        ];
        foreach (ModelDescription description in wrong)
        {
            TinyNetwork network = Network();
            Assert.Throws<ArgumentException>(() => new Model(network, description));
            Assert.False(network.IsFrozen);
        }
    }

    [Theory]
    [InlineData("msdnet", """{"height":32,"width":32,"input_channels":3,"classes":10,"scales":3,"stem_stride":1,"base_channels":512,"growth_rate":512,"growth_factors":[1,2,4],"bottleneck_factors":[4,4,4],"layers_per_block":[8,8,8],"drops_scales":false,"reduction":0.5,"classifier_channels":4096}""")]
    [InlineData("resnet", """{"height":32,"width":32,"input_channels":3,"classes":10,"stem_stride":1,"channels":[4096,4096],"blocks":[256,256],"intermediate_classifiers":false}""")]
    [InlineData("ranet", """{"height":32,"width":32,"input_channels":3,"classes":10,"blocks":[4,6,8,8],"stem_stride":1,"layers":4,"base_channels":256,"growth_rate":256,"classifier_channels":256,"exits_per_scale":1}""")]
    public void A_small_file_that_describes_a_huge_network_costs_little(string architecture, string options)
    {
        SafetensorsWriter writer = new();
        writer.Add("x", Tensor.From(new Shape(1), [1f]));
        writer.SetMetadata(ModelFile.MetadataKey, $$$"""{"version":1,"architecture":{"name":"{{{architecture}}}","options":{{{options}}}},"labels":[],"exits":{"criterion":"entropy","temperatures":[],"points":[]},"training":{}}""");
        byte[] bytes = writer.ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFileException exception = Assert.ThrowsAny<ModelFileException>(() => ModelFile.Read(new MemoryStream(bytes)));
        Assert.Contains("values in all", exception.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    private static TinyNetwork Network() => new(3, 3, 6, new Shape(2, 2, 1), 5);

    private static Model Make() => new(
        Network(),
        new ModelDescription
        {
            Preprocessing = new Preprocessing(new Shape(2, 2, 1), [0.25f], [4f]),
            Labels = ["cat", "dog", "dürüm 🥙"],
            Criterion = new Margin(),
            Temperatures = [1f, 2f, 0.5f],
            Points = [new OperatingPoint("half", new ExitThresholds(0.5f, ExitThresholds.Never)) { MacsBudget = 80, ExpectedAccuracy = 0.9, ExpectedMacs = 78.25 }, new OperatingPoint("fast", new ExitThresholds(0.1f, 0.2f))],
            Training = new TrainingRecord(new("seed", "7"), new("data", "made up")),
        },
        null,
        new TinyNetwork.Architecture());

    private static byte[] Bytes(Model model)
    {
        using MemoryStream stream = new();
        ModelFile.Write(model, stream);
        return stream.ToArray();
    }

    private static byte[] Rewrite(SafetensorsFile file, string json, params string[] renamed)
    {
        SafetensorsWriter writer = new();
        writer.SetMetadata(ModelFile.MetadataKey, json);
        foreach (SafetensorsEntry entry in file.Entries)
        {
            bool rename = Array.IndexOf(renamed, entry.Name) >= 0;
            writer.Add(rename ? entry.Name + "x" : entry.Name, file.ReadTensor(entry.Name));
        }

        return writer.ToArray();
    }
}
