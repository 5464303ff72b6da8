using System;
using System.IO;
using System.Text;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>A small file of made-up messages in three classes with some of none, and a model that the real tool trained on it, made once for a class of tests.</summary>
public sealed class TrainedTextModel : IDisposable
{
    private static readonly string[][] Words =
    [
        ["pay", "bill", "invoice", "due"],
        ["rain", "sun", "weather", "cloud"],
        ["play", "song", "music", "loud"],
    ];

    public TrainedTextModel()
    {
        Directory.CreateDirectory(Data);
        Random random = new(1);
        File.WriteAllText(
            Path.Combine(Data, "messages.json"),
            $$"""{"train": [{{Lines(random, 150)}}], "val": [{{Lines(random, 60)}}], "test": [{{Lines(random, 60)}}], "oos_val": [["zebra xylophone", "oos"]], "oos_test": [["quux", "oos"]]}""");
        Training = ToolRun.Start("train", "--data", Data, "--model", "skip-lstm", "--epochs", "12", "--batch", "16", "--out", Run, "--json");
        Training.AssertOk();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public string Data => Path.Combine(Folder, "messages");

    public string Run => Path.Combine(Folder, "run");

    public string Model => Path.Combine(Run, "model.safetensors");

    internal ToolRun Training { get; }

    public string FileNamed(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string Lines(Random random, int count)
    {
        StringBuilder lines = new();
        for (int i = 0; i < count; i++)
        {
            string[] words = Words[i % Words.Length];
            string text = string.Join(' ', words[random.Next(words.Length)], "the", words[random.Next(words.Length)], "now please"[..(random.Next(2) * 10)]).TrimEnd();

            // Some labels are wrong, so that no answer is quite sure.
            int label = (i % 10 == 9 ? i + 1 : i) % Words.Length;
            lines.Append(i == 0 ? string.Empty : ", ").Append($"[\"{text}\", \"class{label}\"]");
        }

        return lines.ToString();
    }
}
