namespace ManagedDyn.Tool.Inputs;

/// <summary>One input of a model: bytes, to which the model's preprocessing is applied, or values that are taken as they are.</summary>
public sealed record InputSample(string Name, byte[]? Bytes, float[]? Values)
{
    /// <summary>The text that the values were made from; null: they were made from something else.</summary>
    public string? Text { get; init; }

    /// <summary>The steps of a signal; 0: the input is none.</summary>
    public int Steps { get; init; }

    /// <summary>The time from a step of a signal to the next.</summary>
    public double StepSeconds { get; init; }

    /// <summary>The time that the whole signal lasts, of which a model takes the beginning.</summary>
    public double WholeSeconds { get; init; }

    /// <summary>Whether the next input may be long in coming, so that this one is answered at once.</summary>
    public bool MayWait { get; init; }
}
