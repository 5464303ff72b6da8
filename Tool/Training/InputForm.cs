namespace ManagedDyn.Tool.Training;

/// <summary>What a preset's network takes.</summary>
public enum InputForm
{
    /// <summary>Images, [H, W, C].</summary>
    Images,

    /// <summary>Texts as identifiers, [T].</summary>
    Texts,

    /// <summary>Texts, or steps of features, [T, F]; images are read pixel by pixel.</summary>
    Sequences,

    /// <summary>Frames, [T, H, W, C].</summary>
    Frames,
}
