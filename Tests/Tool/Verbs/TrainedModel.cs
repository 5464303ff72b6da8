using System;
using System.IO;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tests.Tool.Verbs;

/// <summary>A folder of small pictures in three classes, and a model that the real tool trained on it, made once for a class of tests.</summary>
public sealed class TrainedModel : IDisposable
{
    private const int PerClass = 24;
    private const int Size = 16;

    public TrainedModel()
    {
        Directory.CreateDirectory(Data);
        string[] names = ["disc", "bar", "checks"];
        for (int label = 0; label < names.Length; label++)
        {
            Directory.CreateDirectory(Path.Combine(Data, names[label]));
            for (int i = 0; i < PerClass; i++)
            {
                File.WriteAllBytes(Picture(names[label], i), PngWriter.Encode(Draw(label, i)));
            }
        }

        Training = ToolRun.Start(TrainArguments(Run));
        Training.AssertOk();
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("mdyn-test-").FullName;

    public string Data => Path.Combine(Folder, "data");

    public string Run => Path.Combine(Folder, "run");

    public string Model => Path.Combine(Run, "model.safetensors");

    internal ToolRun Training { get; }

    public string[] TrainArguments(string run, params string[] more) => TrainArguments(run, 3, more);

    public string[] TrainArguments(string run, int epochs, params string[] more) =>
        ["train", "--data", Data, "--model", "msdnet-tiny", "--epochs", epochs.ToString(System.Globalization.CultureInfo.InvariantCulture), "--batch", "12", "--rate", "0.05", "--shift", "1", "--out", run, "--json", .. more];

    public string Picture(string name, int index) => Path.Combine(Data, name, $"{index:00}.png");

    public string FileNamed(string name) => Path.Combine(Folder, name);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static PixelImage Draw(int label, int seed)
    {
        Random random = new((label * 1000) + seed);
        PixelImage image = new(Size, Size, 1);
        int offset = random.Next(-2, 3);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            int x = (i % Size) - (Size / 2) + offset;
            int y = (i / Size) - (Size / 2);
            bool isSet = label switch
            {
                0 => (x * x) + (y * y) < 25,
                1 => Math.Abs(x) < 2,
                _ => ((x / 3) + (y / 3)) % 2 == 0,
            };
            image.Pixels[i] = (byte)Math.Clamp((isSet ? 210 : 40) + random.Next(-30, 31), 0, 255);
        }

        return image;
    }
}
