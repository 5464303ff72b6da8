using System;
using System.Collections.Generic;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.CommandLine;
using ManagedDyn.Tool.Files;

namespace ManagedDyn.Tool.Verbs;

/// <summary>Finds models: files that the user names, and those that come with the tool, by their short names.</summary>
public static class ModelStore
{
    /// <summary>The model taken when none is named.</summary>
    public const string DefaultName = "fashion-mnist";

    private const int HeadLength = 512;
    private const string Extension = ".safetensors";

    /// <summary>Where the tool's own models lie: beside the program.</summary>
    public static string Folder => Path.Combine(AppContext.BaseDirectory, "Models");

    /// <summary>The path of a model file given by path or by short name.</summary>
    public static string Find(string? nameOrPath)
    {
        string wanted = nameOrPath ?? DefaultName;
        if (File.Exists(wanted))
        {
            return wanted;
        }

        if (Directory.Exists(wanted))
        {
            throw new ToolException($"the model '{wanted}' is a folder; expected a {Extension} file");
        }

        string shipped = Path.Combine(Folder, wanted + Extension);
        bool isShortName = wanted.AsSpan().IndexOfAny('/', '\\') < 0;
        if (isShortName && File.Exists(shipped))
        {
            return shipped;
        }

        List<string> names = ShortNames();
        string known = names.Count == 0 ? "this tool comes without models" : "this tool comes with " + string.Join(", ", names);
        string hint = Suggestion.Nearest(wanted, names) is { } nearest ? $"; did you mean '{nearest}'?" : string.Empty;
        throw new ToolException($"there is no model '{wanted}'{hint} (expected a {Extension} file that 'mdyn train' wrote; {known})");
    }

    public static Model Load(string? nameOrPath)
    {
        string path = Find(nameOrPath);
        const string Expected = "a model file (.safetensors) that 'mdyn train' wrote";
        using (FileStream stream = InputFile.Open(path, Expected))
        {
            Span<byte> head = stackalloc byte[HeadLength];
            int length = stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false);
            if (!FileSniffer.IsSafetensors(head[..length]))
            {
                throw new ToolException($"'{path}' is {FileSniffer.Describe(head[..length])}; expected {Expected}");
            }
        }

        try
        {
            return ModelFile.Load(path);
        }
        catch (Exception e) when (e is ModelFileException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException($"cannot load the model '{path}': {ToolException.Reason(e)}", e);
        }
    }

    /// <summary>Loads a model that answers with a class.</summary>
    public static Model LoadClassifier(string? nameOrPath)
    {
        Model model = Load(nameOrPath);
        return model.Answers == AnswerKind.Label
            ? model
            : throw new ToolException($"the model '{nameOrPath ?? DefaultName}' answers for each pixel; expected one that answers with a class ('mdyn run' and 'mdyn eval' take both)");
    }

    private static List<string> ShortNames()
    {
        List<string> names = [];
        if (Directory.Exists(Folder))
        {
            foreach (string file in Directory.GetFiles(Folder, "*" + Extension))
            {
                names.Add(Path.GetFileNameWithoutExtension(file));
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }
}
