using System;
using System.IO;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

public sealed class TextEncodingTests
{
    private const int Length = 12;

    private static readonly string[] Texts =
    [
        "book a flight to \"Oslo\", please", "what's my balance?", "é ü 日本語 👍", "", "one", "a b c d e f g h i j k l m n o p", "card declined again and again", "ok",
    ];

    public static TheoryData<string> Networks() => ["exit", "drop", "learned", "skip", "skim", "static"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_model_read_back_encodes_as_before(bool isPairs)
    {
        TextEncoding encoding = Encoding(isPairs);
        Model model = new(Network("exit", encoding), new ModelDescription { Encoding = encoding, Labels = ["x", "y", "z"], LeastConfidence = 0.25f });
        MemoryStream file = new();
        ModelFile.Write(model, file);
        Model read = ModelFile.Read(new MemoryStream(file.ToArray()));
        TextEncoding other = Assert.IsType<TextEncoding>(read.Encoding);
        Assert.True(InputEncoding.AreSame(encoding, other));
        Assert.False(InputEncoding.AreSame(encoding, new TextEncoding(encoding.Tokenizer, Length - 1)));
        Assert.Equal(0.25f, read.Description.LeastConfidence);
        Assert.Null(read.Preprocessing);
        TextDataset texts = new(Texts, new int[Texts.Length], ["x", "y", "z"]);
        float[] first = new float[Length];
        float[] second = new float[Length];
        for (int i = 0; i < Texts.Length; i++)
        {
            encoding.Encode(texts).Read(i, first);
            other.Encode(texts).Read(i, second);
            Assert.Equal(first, second);
            Assert.Equal(encoding.Encode(texts).Length(i), first.Count(value => value != 0));
        }

        MemoryStream again = new();
        ModelFile.Write(read, again);
        Assert.Equal(file.ToArray(), again.ToArray());
    }

    [Theory]
    [InlineData("\"text\"", "\"speech\"", "kind")]
    [InlineData("\"length\":12", "\"length\":0", "length")]
    [InlineData("\"text\",\"length\":12", "\"text\",\"length\":13", "samples of shape")]
    [InlineData("\"length\":12", "\"length\":12,\"more\":1", "more")]
    [InlineData("\"tokenizer\":\"words\"", "\"tokenizer\":\"letters\"", "tokenizer")]
    [InlineData("\"words\":[", "\"words\":[\"a\",\"a\",", "twice")]
    [InlineData("\"words\":[", "\"words\":[\"\",", "sound")]
    [InlineData("\"words\":[", "\"words\":[\"\\u0007\",", "words")]
    [InlineData("\"words\":[", "\"words\":[5,", "words")]
    [InlineData("\"encoding\":{", "\"preprocessing\":{\"shape\":[12],\"mean\":[],\"scale\":[],\"maximum\":255},\"encoding\":{", "")]
    [InlineData("\"criterion\"", "\"leastConfidence\":1.5,\"criterion\"", "leastConfidence")]
    public void A_file_that_is_not_sound_is_refused(string there, string instead, string words)
    {
        TextEncoding encoding = Encoding(isPairs: false);
        MemoryStream file = new();
        ModelFile.Write(new Model(Network("exit", encoding), new ModelDescription { Encoding = encoding }), file);
        byte[] bytes = Replace(file.ToArray(), there, instead);
        ModelFileException error = Assert.ThrowsAny<ModelFileException>(() => ModelFile.Read(new MemoryStream(bytes)));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_padded_batch_has_the_bits_of_its_texts_alone(string name)
    {
        TextEncoding encoding = Encoding(isPairs: false);
        Model model = new(Network(name, encoding), new ModelDescription { Encoding = encoding });
        SampleSet samples = encoding.Encode(new TextDataset(Texts, new int[Texts.Length], ["x", "y", "z"]));
        ExitLogits together = ExitLogits.Collect(model, samples);
        Session session = new(model);
        float[] values = new float[Length];
        float[] scores = new float[3];
        for (int i = 0; i < samples.Count; i++)
        {
            ExitLogits alone = ExitLogits.Collect(model, samples.Subset([i]));
            for (int exit = 0; exit < model.ExitCount; exit++)
            {
                Assert.Equal(alone.Of(exit, 0).ToArray(), together.Of(exit, i).ToArray());
                Assert.Equal(alone.Macs(exit, 0), together.Macs(exit, i));
            }

            samples.Read(i, values);
            Prediction prediction = session.Predict(values, scores, Budget.Full);
            Assert.Equal(together.Macs(model.ExitCount - 1, i), prediction.MacsExecuted);
        }
    }

    [Fact]
    public void Steps_of_zeros_behind_the_end_are_padding()
    {
        foreach (RecurrentMethod method in Enum.GetValues<RecurrentMethod>())
        {
            Model whole = new(Recurrent(method, 9));
            Model cut = new(Recurrent(method, 5));
            float[] values = new float[18];
            for (int i = 0; i < 10; i++)
            {
                values[i] = i - 4.5f;
            }

            float[] padded = new float[3];
            float[] packed = new float[3];
            long macs = new Session(whole).Predict(values, padded, Budget.Full).MacsExecuted;
            Assert.Equal(new Session(cut).Predict(values.AsSpan(0, 10), packed, Budget.Full).MacsExecuted, macs);
            Assert.Equal(packed, padded);
        }

        static StagedNetwork Recurrent(RecurrentMethod method, int length)
        {
            StagedNetwork network = SkipLstm.Create(new SkipLstmOptions { Vocabulary = 0, Length = length, Features = 2, Classes = 3, Units = 8, SmallUnits = 2, Method = method });
            network.Initialize(new RandomSource(2));
            return network;
        }
    }

    private static TextEncoding Encoding(bool isPairs) =>
        new(isPairs ? BytePairTokenizer.Train(Texts, 300) : WordTokenizer.Train(Texts, 30), Length);

    private static StagedNetwork Network(string name, TextEncoding encoding)
    {
        int vocabulary = encoding.Tokenizer.Vocabulary;
        TokenDropTransformerOptions drop = new() { Vocabulary = vocabulary, Length = Length, Classes = 3, Width = 8, Heads = 2, Hidden = 8, Layers = 3, Keep = 0.5f, Threshold = 0.9f };
        SkipLstmOptions recurrent = new() { Vocabulary = vocabulary, Length = Length, Classes = 3, Embedding = 6, Units = 8, SmallUnits = 2 };
        StagedNetwork network = name switch
        {
            "exit" => ExitTransformer.Create(new ExitTransformerOptions { Vocabulary = vocabulary, Length = Length, Classes = 3, Width = 8, Heads = 2, Hidden = 8, Layers = 3 }),
            "drop" => TokenDropTransformer.Create(drop),
            "learned" => TokenDropTransformer.Create(drop with { IsLearned = true }),
            "skip" => SkipLstm.Create(recurrent with { Method = RecurrentMethod.Skip }),
            "skim" => SkipLstm.Create(recurrent with { Method = RecurrentMethod.Skim }),
            _ => SkipLstm.Create(recurrent with { Method = RecurrentMethod.Static }),
        };
        network.Initialize(new RandomSource(1));
        return network;
    }

    // Changes the description within the metadata, where quotes stand escaped, and takes the checksum out.
    private static byte[] Replace(byte[] file, string there, string instead)
    {
        long header = BitConverter.ToInt64(file);
        string json = System.Text.Encoding.UTF8.GetString(file, 8, (int)header);
        string from = there.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Contains(from, json, StringComparison.Ordinal);
        int place = json.IndexOf(from, StringComparison.Ordinal);
        json = json[..place] + instead.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + json[(place + from.Length)..];
        json = json.Replace("manageddyn.checksum", "manageddyn.checked", StringComparison.Ordinal);
        while (System.Text.Encoding.UTF8.GetByteCount(json) % 8 != 0)
        {
            json += " ";
        }

        byte[] text = System.Text.Encoding.UTF8.GetBytes(json);
        return [.. BitConverter.GetBytes((long)text.Length), .. text, .. file[(8 + (int)header)..]];
    }
}
