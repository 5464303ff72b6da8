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

    /// <summary>Takes the folder for a run as long as the result is open: two that write to it would mix their logs and checkpoints.</summary>
    public FileStream Take()
    {
        try
        {
            // The file stays: were it removed, one that waits for it could hold a name that is gone while the next makes it anew.
            return new FileStream(File("run.lock"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        }
        catch (IOException e)
        {
            throw new ToolException($"the folder '{Path}' is in use by another run; wait until it has ended, or stop it", e);
        }
        catch (System.UnauthorizedAccessException e)
        {
            throw new ToolException($"cannot write in the folder '{Path}': this user may not write there", e);
        }
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
