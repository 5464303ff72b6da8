namespace ManagedDyn.Layers.Training;

/// <summary>Why training returned.</summary>
public enum TrainingStatus
{
    /// <summary>All epochs are done.</summary>
    Completed,

    /// <summary>It was asked to stop; the checkpoint is where it stopped.</summary>
    Cancelled,

    /// <summary>Its time was up; the checkpoint is where it stopped.</summary>
    OutOfTime,
}
