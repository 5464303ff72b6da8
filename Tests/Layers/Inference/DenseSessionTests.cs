using System;
using System.IO;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

/// <summary>Answers for each pixel: tiles give the whole image's bits, refined pixels those of the network that refines all, and memory keeps to its limit.</summary>
public sealed class DenseSessionTests
{
    private static readonly RefinementNetOptions Small = new() { Height = 16, Width = 16, Channels = [6, 8, 10], Blocks = 1, Outputs = 3 };

    [Theory]
    [InlineData(AnswerKind.LabelMap, 120, 148, 0.5f)]
    [InlineData(AnswerKind.LabelMap, 97, 131, 0.5f)]
    [InlineData(AnswerKind.LabelMap, 130, 90, float.PositiveInfinity)]
    [InlineData(AnswerKind.LabelMap, 90, 130, 0)]
    [InlineData(AnswerKind.Picture, 101, 141, 0.97f)]
    [InlineData(AnswerKind.Picture, 128, 128, float.PositiveInfinity)]
    public void Tiles_give_the_bits_of_the_whole_image(AnswerKind answers, int height, int width, float threshold)
    {
        Model model = Make(Small with { Answers = answers }, 4);
        float[] image = Values(height * width * 3, 7);
        SessionOptions exact = new() { Accuracy = Accuracy.Exact };
        Answer whole = new(height, width, 3);
        DenseSession session = new(model, exact);
        DensePrediction one = whole.Fill(session, image, BudgetOf(threshold));
        Assert.Equal(1, one.Tiles);

        Answer tiled = new(height, width, 3);
        DenseSession limited = new(model, exact, 7 << 18);
        DensePrediction many = tiled.Fill(limited, image, BudgetOf(threshold));
        Assert.True(many.Tiles > 1, "the limit made no tiles");
        Assert.True(limited.ReservedBytes <= 7 << 18, $"{limited.ReservedBytes} bytes are held");
        Assert.Equal(whole.Values, tiled.Values);
        Assert.Equal(whole.Map, tiled.Map);
        Assert.Equal(whole.Refined, tiled.Refined);
        Assert.Equal(whole.Certainties, tiled.Certainties);
        Assert.Equal(one.RefinedPixels, many.RefinedPixels);
        Assert.Equal(one.MacsDense, many.MacsDense);
        Assert.True(many.MacsExecuted >= one.MacsExecuted);
    }

    [Theory]
    [InlineData(AnswerKind.LabelMap, 0.45f)]
    [InlineData(AnswerKind.Picture, 0.97f)]
    public void Refined_pixels_are_those_of_the_whole_network_and_others_keep_the_first_answer(AnswerKind answers, float threshold)
    {
        const int Side = 32;
        Model model = Make(Small with { Answers = answers }, 9);
        float[] image = Values(Side * Side * 3, 3);
        DenseSession session = new(model, new SessionOptions { Accuracy = Accuracy.Exact });
        Answer all = new(Side, Side, 3);
        DensePrediction full = all.Fill(session, image, Budget.Full);
        Answer none = new(Side, Side, 3);
        DensePrediction least = none.Fill(session, image, Budget.Confidence(0));
        Answer some = new(Side, Side, 3);
        DensePrediction chosen = some.Fill(session, image, Budget.Confidence(threshold));
        Assert.Equal(Side * Side, full.RefinedPixels);
        Assert.Equal(0, least.RefinedPixels);
        Assert.InRange(chosen.RefinedPixels, 1, (Side * Side) - 1);
        Assert.True(least.MacsExecuted < chosen.MacsExecuted && chosen.MacsExecuted < full.MacsExecuted);
        Assert.Equal(full.MacsDense, full.MacsExecuted);
        for (int pixel = 0; pixel < Side * Side; pixel++)
        {
            Assert.Equal(some.Certainties[pixel] < threshold, some.Refined[pixel] == 1);
            Assert.Equal((some.Refined[pixel] == 1 ? all : none).Values.AsSpan(3 * pixel, 3), some.Values.AsSpan(3 * pixel, 3));
        }
    }

    [Fact]
    public void The_training_form_gives_the_same_answers()
    {
        RefinementNet network = new(Small);
        network.Initialize(new RandomSource(5));
        float[] image = Values(16 * 16 * 3, 8);
        Context context = new() { Decisions = Engine.Execution.Decisions.Relaxed, Accuracy = Accuracy.Exact };
        StageState state = network.CreateState();
        network.Start(context, Tensor.From(new Shape(1, 16, 16, 3), image), state);
        float[] coarse = network.Advance(context, state).ToArray();
        float[] refined = network.Advance(context, state).ToArray();
        DenseSession session = new(new Model(network), new SessionOptions { Accuracy = Accuracy.Exact });
        Answer none = new(16, 16, 3);
        none.Fill(session, image, Budget.Confidence(0));
        Answer all = new(16, 16, 3);
        all.Fill(session, image, Budget.Full);
        for (int i = 0; i < coarse.Length; i++)
        {
            Assert.Equal(coarse[i], none.Values[i], 1e-4f * Math.Max(1, MathF.Abs(coarse[i])));
            Assert.Equal(refined[i], all.Values[i], 1e-4f * Math.Max(1, MathF.Abs(refined[i])));
        }
    }

    [Fact]
    public void Bytes_are_preprocessed()
    {
        RefinementNet network = new(Small);
        network.Initialize(new RandomSource(6));
        Model model = new(network, new ModelDescription { Preprocessing = new Preprocessing(network.SampleShape, [0.5f, 0.4f, 0.3f], [0.2f, 0.3f, 0.4f]) });
        byte[] bytes = new byte[20 * 24 * 3];
        new Random(2).NextBytes(bytes);
        float[] values = new float[bytes.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((bytes[i] / 255f) - model.Preprocessing!.Mean[i % 3]) / model.Preprocessing.Scale[i % 3];
        }

        DenseSession session = new(model);
        Answer expected = new(20, 24, 3);
        expected.Fill(session, values, Budget.Full);
        byte[] map = new byte[20 * 24];
        session.Predict(bytes, 20, 24, Budget.Full, new DenseOutputs { Map = map });
        Assert.Equal(expected.Map, map);
    }

    [Fact]
    public void A_static_network_answers_in_one_stage_as_if_all_were_refined()
    {
        RefinementNet network = new(Small);
        network.Initialize(new RandomSource(5));
        RefinementNet fixedNetwork = new(Small with { IsStatic = true });
        fixedNetwork.Initialize(new RandomSource(5));
        float[] image = Values(16 * 16 * 3, 8);
        Answer all = new(16, 16, 3);
        all.Fill(new DenseSession(new Model(network)), image, Budget.Full);
        Answer one = new(16, 16, 3);
        DensePrediction prediction = one.Fill(new DenseSession(new Model(fixedNetwork)), image, Budget.Full);
        Assert.Equal(all.Values, one.Values);
        Assert.Equal(256, prediction.RefinedPixels);
    }

    [Fact]
    public void A_limit_that_no_tile_fits_is_refused()
    {
        DenseSession session = new(Make(Small, 4), null, 1 << 16);
        ArgumentException error = Assert.Throws<ArgumentException>(() => session.Predict(new float[200 * 200 * 3], 200, 200, Budget.Full, new DenseOutputs { Map = new byte[200 * 200] }));
        Assert.Contains("64 KiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limit_of_the_options_makes_tiles_too()
    {
        Model model = Make(Small, 4);
        float[] image = Values(120 * 148 * 3, 7);
        Answer whole = new(120, 148, 3);
        whole.Fill(new DenseSession(model, new SessionOptions { Accuracy = Accuracy.Exact }), image, Budget.Full);
        foreach (long memory in new[] { long.MaxValue, 1L << 30 })
        {
            DenseSession limited = new(model, new SessionOptions { Accuracy = Accuracy.Exact, Limits = new Limits { WorkspaceBytes = 7 << 18 } }, memory);
            Answer tiled = new(120, 148, 3);
            Assert.True(tiled.Fill(limited, image, Budget.Full).Tiles > 1, "the limit made no tiles");
            Assert.True(limited.ReservedBytes <= 7 << 18, $"{limited.ReservedBytes} bytes are held");
            Assert.Equal(whole.Values, tiled.Values);
            Assert.Equal(whole.Map, tiled.Map);
        }
    }

    [Fact]
    public void A_trial_keeps_to_the_limit_as_well()
    {
        DenseSession session = new(Make(Small, 4), null, 1 << 12);
        Assert.Contains("4 KiB; the smallest tile of this model, which overlaps its neighbours by 24 pixels, takes more", Assert.Throws<ArgumentException>(() => session.Predict(new float[200 * 200 * 3], 200, 200, Budget.Full, default)).Message, StringComparison.Ordinal);
        Assert.InRange(session.ReservedBytes, 0, 1 << 12);
    }

    [Fact]
    public void Wrong_lengths_and_budgets_are_refused()
    {
        Model model = Make(Small, 4);
        DenseSession session = new(model);
        Assert.Throws<ArgumentException>(() => session.Predict(new float[10], 4, 4, Budget.Full, default));
        Assert.Throws<ArgumentException>(() => session.Predict(new float[48], 4, 4, Budget.Full, new DenseOutputs { Map = new byte[3] }));
        Assert.Throws<ArgumentException>(() => session.Predict(new float[48], 4, 4, Budget.Macs(1000), default));
        Assert.Throws<ArgumentException>(() => session.Predict(new byte[48], 4, 4, Budget.Full, default));
        Assert.Throws<ArgumentException>(() => new Session(model));
        float[] wrong = new float[48];
        wrong[5] = float.NaN;
        Assert.Throws<ArgumentException>(() => session.Predict(wrong, 4, 4, Budget.Full, default));
    }

    [Fact]
    public void A_network_of_pictures_begins_with_the_image_that_it_sees()
    {
        RefinementNet network = new(Small with { Answers = AnswerKind.Picture });
        network.Initialize(new RandomSource(6));
        float[] image = new float[16 * 16 * 3];
        for (int i = 0; i < image.Length; i++)
        {
            image[i] = (i % 3) - 1;
        }

        Answer answer = new(16, 16, 3);
        answer.Fill(new DenseSession(new Model(network)), image, Budget.Full);
        for (int i = 0; i < image.Length; i++)
        {
            Assert.Equal(0.5f + (0.25f * image[i]), answer.Values[i], 1e-5f);
        }
    }

    [Fact]
    public void A_file_tells_what_is_answered()
    {
        using MemoryStream stream = new();
        ModelFile.Write(Make(Small with { Answers = AnswerKind.Picture }, 4), stream);
        stream.Position = 0;
        Model read = ModelFile.Read(stream);
        using MemoryStream again = new();
        ModelFile.Write(read, again);
        Assert.Equal(stream.ToArray(), again.ToArray());
        Assert.Equal(AnswerKind.Picture, read.Answers);
        string text = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains("\\\"answers\\\":\\\"picture\\\"", text, StringComparison.Ordinal);
    }

    private static Budget BudgetOf(float threshold) => float.IsPositiveInfinity(threshold) ? Budget.Full : Budget.Confidence(threshold);

    private static Model Make(RefinementNetOptions options, ulong seed)
    {
        RefinementNet network = new(options);
        network.Initialize(new RandomSource(seed));

        // Heads of pictures begin at 0, where the second pass would change nothing.
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            if (options.Answers == AnswerKind.Picture && (name.StartsWith("head", StringComparison.Ordinal) || name.StartsWith("coarse", StringComparison.Ordinal)))
            {
                Values(parameter.Value.Count, name.Length).CopyTo(parameter.Value.Span);
            }
        }

        return new Model(network);
    }

    private static float[] Values(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (2 * random.NextSingle()) - 1;
        }

        return values;
    }

    private sealed class Answer(int height, int width, int outputs)
    {
        public byte[] Map { get; private set; } = [];

        public float[] Values { get; } = new float[height * width * outputs];

        public byte[] Refined { get; } = new byte[height * width];

        public float[] Certainties { get; } = new float[height * width];

        public DensePrediction Fill(DenseSession session, float[] image, Budget budget)
        {
            Map = new byte[height * width * (session.Model.Answers == AnswerKind.Picture ? outputs : 1)];
            return session.Predict(image, height, width, budget, new DenseOutputs { Map = Map, Values = Values, Refined = Refined, Certainties = Certainties });
        }
    }
}
