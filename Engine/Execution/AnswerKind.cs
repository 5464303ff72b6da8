namespace ManagedDyn.Engine.Execution;

/// <summary>What a network answers with.</summary>
public enum AnswerKind
{
    /// <summary>One class for the whole sample.</summary>
    Label,

    /// <summary>A class for each pixel: segmentation.</summary>
    LabelMap,

    /// <summary>A picture, values from 0 to 1 for each pixel: denoising and the like.</summary>
    Picture,
}
