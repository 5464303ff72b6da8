using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Reporting;

/// <summary>An input, what the network said about it, and where it left (exits count from 0).</summary>
public sealed record ExampleInput(PixelImage Image, string Label, string Prediction, int Exit, double Confidence);
