namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>What is taken from a reward, so that only being better than expected strengthens an action; it changes the variance, not the mean, of gradients.</summary>
public enum PolicyBaseline
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The mean return of the batch, for each decision.</summary>
    Batch,

    /// <summary>The return of the decisions that inference would take for the same sample (self-critical: Rennie et al., CVPR 2017).</summary>
    Greedy,
}
