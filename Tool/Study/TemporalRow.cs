namespace ManagedDyn.Tool.Study;

/// <summary>One comparison of the study of sequences.</summary>
/// <param name="Model">The preset.</param>
/// <param name="Data">The built-in set, or the name of the folder within the study's folder of data.</param>
/// <param name="Epochs">Times to go through the training samples.</param>
/// <param name="QuickEpochs">The same for a quick study.</param>
/// <param name="Batch">Samples in a batch.</param>
internal sealed record TemporalRow(string Model, string Data, int Epochs, int QuickEpochs, int Batch = 32)
{
    /// <summary>The share of the static counterpart's multiply-adds that the method may take.</summary>
    public double MostMacs { get; init; } = 0.6;

    /// <summary>The learning rate of both; 0: each preset's.</summary>
    public double Rate { get; init; }

    /// <summary>What it may lose, of 1.</summary>
    public double MostLost { get; init; } = 0.005;
}
