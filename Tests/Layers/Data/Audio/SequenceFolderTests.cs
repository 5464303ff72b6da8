using System;
using System.Globalization;
using System.IO;
using System.Text;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Data.Audio;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data.Audio;

/// <summary>Folders of recordings, and the Japanese Vowels.</summary>
public class SequenceFolderTests
{
    private static readonly int[] TestEach = [31, 35, 88, 44, 29, 24, 40, 50, 29];

    [Fact]
    public void Recordings_are_split_by_their_index()
    {
        using TemporaryFolder folder = new();
        string inner = Directory.CreateDirectory(Path.Combine(folder.Root, "recordings")).FullName;
        foreach (string digit in new[] { "0", "7" })
        {
            for (int index = 0; index < 15; index++)
            {
                File.WriteAllBytes(Path.Combine(inner, $"{digit}_ann_{index}.wav"), Wavs.Make(Wavs.Tone(digit == "0" ? 300 : 900, 400 + index)));
            }
        }

        DataSplits data = Datasets.OpenAny(folder.Root);
        RecordingSplits splits = Assert.IsType<RecordingSplits>(data);
        Assert.Equal(["0", "7"], splits.ClassNames);
        Assert.Equal(10, splits.TestCount);
        Assert.Equal(20, splits.TrainingCount + splits.ValidationCount);
        Assert.Equal(2, splits.ValidationCount);
        Assert.Equal(400, splits.Test.Recordings[0].Samples.Length);
    }

    [Fact]
    public void Recordings_may_lie_in_a_folder_for_each_class()
    {
        using TemporaryFolder folder = new();
        foreach (string name in new[] { "high", "low" })
        {
            string inner = Directory.CreateDirectory(Path.Combine(folder.Root, name)).FullName;
            for (int i = 0; i < 20; i++)
            {
                File.WriteAllBytes(Path.Combine(inner, $"{i}.wav"), Wavs.Make(Wavs.Tone(500, 100)));
            }
        }

        RecordingSplits splits = Assert.IsType<RecordingSplits>(Datasets.OpenAny(folder.Root));
        Assert.Equal(["high", "low"], splits.ClassNames);
        Assert.Equal(40, splits.TrainingCount + splits.ValidationCount + splits.TestCount);
        Assert.True(splits.TestCount > 0 && splits.ValidationCount > 0);
    }

    [Fact]
    public void A_damaged_recording_is_named()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(Path.Combine(folder.Root, "1_bob_7.wav"), Wavs.Make(Wavs.Tone(500, 100))[..60]);
        Assert.Contains("1_bob_7.wav", Assert.ThrowsAny<ModelFileException>(() => Datasets.OpenAny(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vowels_are_labelled_by_their_order()
    {
        using TemporaryFolder folder = new();
        int[] training = new int[9];
        Array.Fill(training, 30);
        File.WriteAllText(Path.Combine(folder.Root, "ae.train"), Utterances(training));
        File.WriteAllText(Path.Combine(folder.Root, "ae.test"), Utterances(TestEach));
        ReadySplits splits = Assert.IsType<ReadySplits>(Datasets.OpenAny(folder.Root));
        Assert.Equal("sequences", splits.Noun);
        Assert.Equal(370, splits.TestCount);
        Assert.Equal(270, splits.TrainingCount + splits.ValidationCount);
        float[] values = new float[29 * 12];
        for (int i = 0; i < splits.TestCount; i++)
        {
            splits.Samples.Test.Read(i, values);
            Assert.Equal(splits.Samples.Test.Label(i), (int)values[0]);
            Assert.Equal(7 + (i % 3), splits.Samples.Test.Length(i));
        }

        foreach (string damage in new[] { "1 2 3\n\n", "1 2 3 4 5 6 7 8 9 10 11 nan\n\n", "x\n" })
        {
            File.WriteAllText(Path.Combine(folder.Root, "ae.test"), damage);
            Assert.ThrowsAny<ModelFileException>(() => Datasets.OpenAny(folder.Root));
        }
    }

    // The first number tells the speaker.
    private static string Utterances(int[] each)
    {
        StringBuilder text = new();
        int index = 0;
        for (int speaker = 0; speaker < each.Length; speaker++)
        {
            for (int i = 0; i < each[speaker]; i++, index++)
            {
                for (int t = 0; t < 7 + (index % 3); t++)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{speaker}.25 0.5 -0.5 1 2 3 4 5 6 7 8 1e-3 \n");
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }
}
