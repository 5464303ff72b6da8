using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Dense;

/// <summary>One test image.</summary>
/// <param name="Wanted">What was asked for, as a picture.</param>
/// <param name="Answer">The answer at the first operating point.</param>
public sealed record DenseExample(PixelImage Wanted, DenseAnswer Answer);
