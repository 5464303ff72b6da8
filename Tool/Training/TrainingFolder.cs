using System.IO;

namespace ManagedDyn.Tool.Training;

/// <summary>The files of a training run.</summary>
public sealed record TrainingFolder(string Path)
{
    public string Plan => File("plan.json");

    public string Checkpoint => File("checkpoint.safetensors");

    public string Csv => File("log.csv");

    public string JsonLines => File("log.jsonl");

    public string Model => File("model.safetensors");

    public string Report => File("report.html");

    public string Result => File("result.json");

    /// <summary>Whether a run was begun here.</summary>
    public bool IsUsed => System.IO.File.Exists(Plan) || System.IO.File.Exists(Checkpoint) || System.IO.File.Exists(Model);

    public void Create()
    {
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (System.Exception e) when (e is IOException or System.UnauthorizedAccessException or System.ArgumentException)
        {
            throw new ToolException($"cannot make the folder '{Path}': {ToolException.Reason(e)}", e);
        }
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
