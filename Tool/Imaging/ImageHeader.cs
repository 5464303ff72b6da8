namespace ManagedDyn.Tool.Imaging;

/// <summary>What a picture file says about itself before its pixels are decoded.</summary>
public readonly record struct ImageHeader(ImageKind Kind, long Width, long Height);
