namespace ManagedDyn.Tool.Dense;

/// <summary>What a threshold gives on a data set.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Threshold">Pixels of which the first pass is less sure are refined; infinite: all.</param>
/// <param name="Quality">Mean intersection over union, from 0 to 1; of pictures the peak signal-to-noise ratio in decibels.</param>
/// <param name="PixelAccuracy">The share of pixels answered rightly; NaN for pictures.</param>
/// <param name="Refined">The share of pixels that were refined.</param>
/// <param name="Macs">Mean multiply-adds of an image.</param>
public sealed record DensePoint(string Name, float Threshold, double Quality, double PixelAccuracy, double Refined, double Macs)
{
    /// <summary>Milliseconds of an image, one thread; null: not measured.</summary>
    public double? Milliseconds { get; init; }
}
