namespace ManagedDyn.Bench.Compare;

/// <summary>One measured row. The ratio is ours / peer, or ours / ideal for groups whose peer is our own dense or one-thread run.</summary>
/// <param name="Row">The row.</param>
/// <param name="Peer">What it is compared with, or why it could not be.</param>
/// <param name="OursMilliseconds">Median time of ours; not a number when not measured.</param>
/// <param name="PeerMilliseconds">Median time of the peer; not a number when not measured.</param>
/// <param name="IdealMilliseconds">What ours is divided by: the peer's time, times the kept fraction where the group says so.</param>
internal sealed record BenchResult(BenchRow Row, string Peer, double OursMilliseconds, double PeerMilliseconds, double IdealMilliseconds)
{
    public double Ratio => OursMilliseconds / IdealMilliseconds;

    /// <summary>For masked layers the time of our fastest dense run, which they must not exceed.</summary>
    public double FastestDenseMilliseconds { get; init; } = double.NaN;

    /// <summary>The share of the saved multiply-adds that is saved time too, where it is asked for.</summary>
    public double SavedShare { get; init; } = double.NaN;

    /// <summary>Ours / our fastest dense run.</summary>
    public double DenseRatio => OursMilliseconds / FastestDenseMilliseconds;

    public bool IsMeasured => double.IsFinite(Ratio);

    public static BenchResult NotMeasured(BenchRow row, string reason) => new(row, reason, double.NaN, double.NaN, double.NaN);
}
