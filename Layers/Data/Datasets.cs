using System;
using System.IO;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data.Audio;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Data.Video;

namespace ManagedDyn.Layers.Data;

/// <summary>Opens a data set by its name or path, whatever its layout.</summary>
public static class Datasets
{
    /// <summary>The name of the built-in data set.</summary>
    public const string Glyphs = "glyphs";

    /// <summary>The name of the built-in adding problem, <see cref="AddingProblem"/>.</summary>
    public const string Adding = "adding";

    /// <summary>The name of the built-in set of scenes with a class for each pixel.</summary>
    public const string Scenes = "scenes";

    /// <summary>The name of the built-in set of noisy scenes with the clean ones.</summary>
    public const string NoisyScenes = "noisy-scenes";

    private const int AddingLength = 50;

    /// <summary>
    /// Opens the built-in data set by its name, or a folder or file: CIFAR-10 in its binary version, IDX files as of MNIST, comma-separated tables,
    /// or a folder of images with a sub-folder for each class.
    /// </summary>
    /// <param name="source">"glyphs", "scenes", "noisy-scenes", or a path; a folder of such a name is "./glyphs".</param>
    /// <param name="options">How it is opened and split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <param name="workers">Threads to make built-in images with; null: the calling one.</param>
    /// <exception cref="FileNotFoundException">There is nothing of this name.</exception>
    /// <exception cref="ModelFileException">The content is not sound, beyond the limits, or of no known layout.</exception>
    public static ImageSplits Open(string source, DatasetOptions? options = null, Workers? workers = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        options ??= DatasetOptions.Default;
        if (!IsBuiltIn(source) && Directory.Exists(source))
        {
            return OpenFolder(source, options);
        }

        if (!IsBuiltIn(source) && File.Exists(source))
        {
            return OpenFile(source, options);
        }

        return source switch
        {
            Glyphs => GlyphImages.Open(options, workers),
            Scenes => SceneImages.Open(AnswerKind.LabelMap, options, workers),
            NoisyScenes => SceneImages.Open(AnswerKind.Picture, options, workers),
            _ => throw new FileNotFoundException($"There is no data set {FileText.Quote(source)}; expected {Glyphs}, {Scenes}, {NoisyScenes}, {Adding} or {GlyphVideos.SetName}, or the path of a folder or file.", source),
        };
    }

    /// <summary>Opens a data set of any kind: what <see cref="Open"/> takes, labelled texts as <see cref="TextFolders"/> reads them, videos as
    /// <see cref="FrameFolders"/> does, recordings (<see cref="RecordingFolders"/>), the Japanese Vowels (<see cref="VowelSequences"/>), or the built-in videos of
    /// <see cref="GlyphVideos"/> by their name.</summary>
    /// <param name="source">The name of a built-in set, or a path; a folder that has such a name is "./name".</param>
    /// <param name="options">How it is opened and split; by default <see cref="DatasetOptions.Default"/>.</param>
    /// <param name="workers">Threads to make built-in samples with; null: the calling one.</param>
    /// <exception cref="FileNotFoundException">There is nothing of this name.</exception>
    /// <exception cref="ModelFileException">The content is not sound, beyond the limits, or of no known layout.</exception>
    public static DataSplits OpenAny(string source, DatasetOptions? options = null, Workers? workers = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        bool isPath = !IsBuiltIn(source) && (Directory.Exists(source) || File.Exists(source));
        if (!isPath && source == Adding)
        {
            return AddingSamples.Open(AddingLength, options ?? DatasetOptions.Default);
        }

        if (!isPath && GlyphVideos.TryFind(source, out GlyphVideoTask task))
        {
            return GlyphVideos.Open(task, options, workers);
        }

        if (isPath && Directory.Exists(source) && FrameFolders.Recognise(source))
        {
            return FrameFolders.Open(source, options ?? DatasetOptions.Default);
        }

        if (isPath && VowelSequences.Recognise(source))
        {
            return VowelSequences.Open(source, options);
        }

        if (isPath && RecordingFolders.Recognise(source))
        {
            return RecordingFolders.Open(source, options);
        }

        return isPath && TextFolders.Recognise(source) ? TextFolders.Open(source, options) : Open(source, options, workers);
    }

    /// <summary>Whether a name is that of a built-in data set.</summary>
    /// <param name="source">The name.</param>
    public static bool IsBuiltIn(string? source) => source is Glyphs or Scenes or NoisyScenes or Adding || (source is not null && GlyphVideos.TryFind(source, out _));

    private static ImageSplits OpenFolder(string folder, DatasetOptions options)
    {
        if (CifarImages.Recognise(folder))
        {
            return CifarImages.Open(folder, options);
        }

        string[] files = DatasetFiles.In(folder);
        foreach (string file in files)
        {
            if (IdxFile.Recognise(file, out _))
            {
                return IdxImages.Open(folder, options);
            }
        }

        foreach (string file in files)
        {
            if (CsvImages.Recognise(file))
            {
                return CsvImages.Open(folder, options);
            }
        }

        return Directory.GetDirectories(folder).Length > 0
            ? FolderImages.Open(folder, options)
            : throw new ModelFormatException(folder, -1, files.Length == 0 ? "an empty folder" : $"{files.Length} files of no known kind, and no sub-folder", "CIFAR-10 (.bin), IDX, a table (.csv), labelled texts (.csv with a header, .tsv, .json), or a sub-folder of images, recordings or videos for each class");
    }

    private static ImageSplits OpenFile(string file, DatasetOptions options)
    {
        if (IdxFile.Recognise(file, out _))
        {
            throw new ModelFormatException(Path.GetFileName(file), -1, "one IDX file", "the folder that holds the images and the labels");
        }

        return CsvImages.Recognise(file)
            ? CsvImages.Open(file, options)
            : throw new ModelFormatException(Path.GetFileName(file), -1, "a file of no known kind", "a table (.csv), or a folder");
    }
}
