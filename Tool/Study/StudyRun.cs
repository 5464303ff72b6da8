namespace ManagedDyn.Tool.Study;

/// <summary>What one training run came to on the test images.</summary>
/// <param name="Accuracy">The share of right answers; where there are several exits, with thresholds that on validation samples keep to what the row allows. Of numbers, maps and pictures what the table tells.</param>
/// <param name="MeanMacs">MACs of an input on average.</param>
/// <param name="DenseMacs">MACs of the network when all of it runs.</param>
/// <param name="Parameters">Trained values.</param>
/// <param name="TrainingSeconds">How long training took.</param>
public sealed record StudyRun(double Accuracy, double MeanMacs, long DenseMacs, long Parameters, double TrainingSeconds);
