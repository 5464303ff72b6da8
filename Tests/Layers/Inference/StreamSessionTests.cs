using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tests.Formats;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

/// <summary>Streams: the bits of whole inputs, states that are saved and hostile ones, and no allocation.</summary>
public class StreamSessionTests
{
    private const int Length = 11;

    private static readonly Dictionary<string, Func<StagedNetwork>> Makers = new(StringComparer.Ordinal)
    {
        ["lstm of tokens"] = () => SkipLstm.Create(Text(RecurrentMethod.Static)),
        ["gru of features"] = () => SkipLstm.Create(Signal(RecurrentMethod.Static) with { IsGru = true }),
        ["skip lstm of tokens"] = () => SkipLstm.Create(Text(RecurrentMethod.Skip)),
        ["skip gru of features"] = () => SkipLstm.Create(Signal(RecurrentMethod.Skip) with { IsGru = true }),
        ["skim lstm of features"] = () => SkipLstm.Create(Signal(RecurrentMethod.Skim)),
        ["skim gru of tokens"] = () => SkipLstm.Create(Text(RecurrentMethod.Skim) with { IsGru = true }),
        ["frame pool"] = () => FramePool.Create(Video(new FramePoolOptions())),
        ["frame pool, exact reuse"] = () => FramePool.Create(Video(new FramePoolOptions { Reuses = true })),
        ["frame pool, reuse"] = () => FramePool.Create(Video(new FramePoolOptions { Reuses = true, Threshold = 1.1f })),
        ["frame exit"] = () => new FrameExit(Video(new FrameExitOptions())),
        ["early stop, lstm of features"] = () => EarlyStopNet.Create(Stopping(EarlyStopTrunk.Lstm, EarlyStopRule.Confidence) with { Layers = 2 }),
        ["early stop, learned, convolutions"] = () => EarlyStopNet.Create(Stopping(EarlyStopTrunk.Convolution, EarlyStopRule.Learned)),
        ["ar-net"] = () => ArNet.Create(Video(new ArNetOptions { PolicyChannels = [3], PolicyHidden = 5, Skips = [1, 3], Openness = 0, Reduction = 2 })),
    };

    private static EarlyStopOptions Stopping(EarlyStopTrunk trunk, EarlyStopRule rule) => new() { Vocabulary = 0, Features = 3, Length = Length, Classes = 4, Units = 6, Layers = 2, BlockSteps = 1, Trunk = trunk, Rule = rule };

    public static TheoryData<string> Names() => new(Makers.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_last_answer_has_the_bits_of_the_whole_input(string name)
    {
        Model model = Make(name);
        int classes = model.ClassCount;
        bool skipped = false;
        foreach (Accuracy accuracy in new[] { Accuracy.Fast, Accuracy.Exact })
        {
            StreamSession stream = new(model, options: new SessionOptions { Accuracy = accuracy });
            Session whole = new(model, new SessionOptions { Accuracy = accuracy });
            for (int seed = 1; seed < 4; seed++)
            {
                float[] input = Input(model, seed);
                float[] expected = new float[classes];
                float[] scores = new float[classes];
                StreamAnswer answer = default;
                long macs = 0;
                stream.Reset();
                for (int piece = 0; piece < Length; piece++)
                {
                    bool isRead = stream.WillRead;
                    answer = isRead ? stream.Push(Piece(stream, input, stream.NextPiece), scores) : stream.Skip(scores);
                    Assert.True(isRead || !answer.IsRead);
                    Assert.Equal(piece + 1, answer.Pieces);
                    skipped |= !answer.IsRead;
                    macs += answer.MacsExecuted;
                }

                Prediction prediction = whole.Predict(input, expected, Budget.Full);
                GradientCheck.SameBits(expected, scores, $"{name}, {accuracy}, seed {seed}");
                Assert.Equal(prediction.Label, answer.Label);
                Assert.Equal(prediction.Confidence, answer.Confidence);

                // The answers in between are the stream's own; what is in front of them costs the same.
                Assert.True(model.ExitCount == 1 || macs == prediction.MacsExecuted, $"{macs} MACs in pieces, {prediction.MacsExecuted} at once.");
            }
        }

        Assert.Equal(name.Contains("skip", StringComparison.Ordinal) || name.Contains("skim", StringComparison.Ordinal) || name is "frame pool, exact reuse" or "frame pool, reuse" or "ar-net", skipped);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_answer_has_the_bits_of_the_input_so_far(string name)
    {
        if (name is "frame exit")
        {
            return;
        }

        Model model = Make(name);
        StreamSession stream = new(model);
        float[] input = Input(model, 5);
        float[] scores = new float[model.ClassCount];
        float[] expected = new float[model.ClassCount];
        for (int piece = 0; piece < Length; piece++)
        {
            _ = stream.Push(Piece(stream, input, piece), scores);
            if (name.Contains("tokens", StringComparison.Ordinal))
            {
                float[] cut = [.. input];
                cut.AsSpan(piece + 1).Clear();
                new Session(model).Predict(cut, expected, Budget.Full);
                GradientCheck.SameBits(expected, scores, $"{name}, {piece + 1} pieces");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_saved_stream_goes_on_elsewhere(string name)
    {
        Model model = Make(name);
        float[] input = Input(model, 7);
        StreamSession first = new(model);
        List<byte[]> saved = [first.Save()];
        List<float[]> answers = [];
        for (int piece = 0; piece < Length; piece++)
        {
            float[] scores = new float[model.ClassCount];
            _ = first.Push(Piece(first, input, first.NextPiece), scores);
            answers.Add(scores);
            saved.Add(first.Save());
            Assert.Equal(first.SavedLength, saved[^1].Length);
        }

        StreamSession other = new(Make(name));
        for (int piece = 0; piece < Length; piece++)
        {
            other.Restore(saved[piece]);
            Assert.Equal(piece, other.Pieces);
            Assert.Equal(saved[piece], other.Save());
            float[] scores = new float[model.ClassCount];
            _ = other.Push(Piece(other, input, other.NextPiece), scores);
            GradientCheck.SameBits(answers[piece], scores, $"{name} after {piece} pieces");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hostile_states_are_refused_and_change_nothing(string name)
    {
        Model model = Make(name);
        float[] input = Input(model, 8);
        StreamSession stream = new(model);
        for (int piece = 0; piece < 4; piece++)
        {
            _ = stream.Push(Piece(stream, input, stream.NextPiece));
        }

        byte[] sound = stream.Save();
        StreamSession target = new(model);
        _ = target.Push(Piece(target, input, target.NextPiece));
        byte[] before = target.Save();
        Assert.Equal(0, HostileInput.Truncate(sound, bytes => target.Restore(bytes)));
        HostileInput.Mutate(sound, 3, 200, bytes =>
        {
            try
            {
                target.Restore(bytes);
                Assert.Equal(sound, bytes);
                target.Restore(before);
            }
            catch (ModelFileException)
            {
                Assert.Equal(before, target.Save());
                throw;
            }
        });

        // With a checksum that fits, each field is still looked at.
        Refuse(target, sound, 8, 2);
        Refuse(target, sound, 12, 77);
        Refuse(target, sound, 16, -1);
        Refuse(target, sound, 20, model.ClassCount);
        Refuse(target, sound, 24, 5);
        Refuse(target, sound, 28, 1);
        Refuse(target, sound, 36, BitConverter.SingleToInt32Bits(float.NaN));
        Assert.Equal(before, target.Save());
    }

    [Fact]
    public void Impossible_states_of_a_skipping_network_are_refused()
    {
        foreach (string name in new[] { "skip lstm of tokens", "ar-net" })
        {
            Model model = Make(name);
            StreamSession stream = new(model);
            _ = stream.Push(Piece(stream, Input(model, 1), 0));
            byte[] saved = stream.Save();
            Refuse(stream, saved, saved.Length - 8, BitConverter.SingleToInt32Bits(9.5f));
            Refuse(stream, saved, saved.Length - 12, BitConverter.SingleToInt32Bits(-1));
        }
    }

    [Fact]
    public void A_stream_of_another_model_is_refused()
    {
        StreamSession stream = new(Make("skip lstm of tokens"));
        StreamSession other = new(Make("skip lstm of tokens", seed: 2));
        ModelFormatException refusal = Assert.Throws<ModelFormatException>(() => other.Restore(stream.Save()));
        Assert.Contains("this model", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Warm_pushes_allocate_nothing(string name)
    {
        Model model = Make(name);
        float[] input = Input(model, 9);
        float[] scores = new float[model.ClassCount];
        StreamSession stream = new(model, Budget.Confidence(0.8f));
        byte[] saved = stream.Save();
        AllocationAssert.None(() =>
        {
            stream.Reset();
            for (int piece = 0; piece < Length; piece++)
            {
                _ = stream.Push(Piece(stream, input, stream.NextPiece), scores);
                stream.Save(saved);
            }
        });
    }

    [Fact]
    public void Sureness_follows_the_budget()
    {
        Model model = Make("frame exit");
        float[] input = Input(model, 3);
        StreamSession never = new(model);
        StreamSession always = new(model, Budget.Confidence(0));
        StreamSession third = new(model, Budget.Thresholds(ExitThresholds.AlwaysAt(Length, 2)));
        for (int piece = 0; piece < Length; piece++)
        {
            float[] frame = Piece(never, input, never.NextPiece).ToArray();
            Assert.Equal(piece == Length - 1, never.Push(frame).IsSure);
            Assert.True(always.Push(frame).IsSure);
            Assert.Equal(piece == 2 || piece == Length - 1, third.Push(frame).IsSure);
        }

        Assert.False(never.CanPush);
        Assert.Equal(-1, never.NextPiece);
        Assert.Throws<InvalidOperationException>(() => never.Push(new float[never.PieceShape.Count]));
        Assert.Throws<InvalidOperationException>(() => never.Skip());
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Model model = Make("lstm of tokens");
        Assert.Throws<ArgumentException>(() => new StreamSession(model, Budget.Macs(1000000)));
        Assert.Throws<ArgumentException>(() => new StreamSession(model, Budget.Thresholds(new ExitThresholds(0.5f))));
        Assert.False(new StreamSession(model, Budget.Thresholds(new ExitThresholds())).Push(3).IsSure);
        Assert.Throws<ArgumentException>(() => new StreamSession(new Model(Initialized(new KeyFrameNet(Video(new KeyFrameNetOptions())), 1))));
        StreamSession stream = new(model);
        Assert.Throws<ArgumentException>(() => stream.Push(new float[2]));
        Assert.Throws<ArgumentException>(() => stream.Push(float.NaN is var nan ? new[] { nan } : []));
        Assert.Throws<ArgumentException>(() => stream.Push(new byte[1]));
        Assert.Throws<ArgumentException>(() => stream.Push(1, new float[1]));
        Assert.Throws<InvalidOperationException>(() => stream.Skip());
        Assert.Equal(0, stream.Pieces);
        Assert.True(stream.Push(3).IsRead);
    }

    private static void Refuse(StreamSession target, byte[] sound, int offset, int value)
    {
        byte[] changed = [.. sound];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(offset), value);
        uint sum = 0;
        foreach (byte one in changed.AsSpan(0, changed.Length - 4))
        {
            sum = System.Numerics.BitOperations.Crc32C(sum, one);
        }

        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(changed.AsSpan(changed.Length - 4), sum);
        _ = HostileInput.Refused<ModelFormatException>(changed, bytes => target.Restore(bytes));
    }

    private static ReadOnlySpan<float> Piece(StreamSession stream, float[] input, int piece) => input.AsSpan(piece * stream.PieceShape.Count, stream.PieceShape.Count);

    private static float[] Input(Model model, int seed)
    {
        float[] values = new float[model.SampleShape.Count];
        RandomStream stream = new RandomSource((ulong)seed).Stream("inputs");
        if (model.SampleShape.Rank == 1)
        {
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = 1 + stream.Integer(18, 0, 0, i);
            }

            return values;
        }

        stream.FillNormal(values, 0, 0);
        if (model.SampleShape.Rank == 4)
        {
            // Two frames that are as those before.
            int size = values.Length / Length;
            values.AsSpan(3 * size, size).CopyTo(values.AsSpan(4 * size));
            values.AsSpan(8 * size, size).CopyTo(values.AsSpan(9 * size));
        }

        return values;
    }

    private static SkipLstmOptions Text(RecurrentMethod method) => new() { Vocabulary = 19, Length = Length, Classes = 4, Embedding = 5, Units = 9, SmallUnits = 3, Method = method };

    private static SkipLstmOptions Signal(RecurrentMethod method) => new() { Vocabulary = 0, Features = 3, Length = Length, Classes = 4, Units = 9, SmallUnits = 3, Method = method };

    private static T Video<T>(T options)
        where T : VideoModelOptions => (T)(options with { Frames = Length, Height = 9, Width = 8, InputChannels = 2, Classes = 4, Channels = [4, 6] });

    private static Model Make(string name, ulong seed = 1) => new(Initialized(Makers[name](), seed), new ModelDescription { Criterion = new MaxProbability() });

    private static StagedNetwork Initialized(StagedNetwork network, ulong seed)
    {
        network.Initialize(new RandomSource(seed));
        foreach ((string path, Parameter parameter) in network.NamedParameters())
        {
            // Decisions that differ from piece to piece.
            if (path.EndsWith("update.weight", StringComparison.Ordinal) || path.EndsWith("gate.weight", StringComparison.Ordinal) || path.EndsWith("frames.head.weight", StringComparison.Ordinal))
            {
                foreach (ref float value in parameter.Value.Span)
                {
                    value *= 8;
                }
            }
            else if (path.EndsWith("update.bias", StringComparison.Ordinal))
            {
                parameter.Value.Span.Fill(-2);
            }
        }

        return network;
    }
}
