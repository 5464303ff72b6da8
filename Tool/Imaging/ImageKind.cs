namespace ManagedDyn.Tool.Imaging;

/// <summary>The picture formats that are read.</summary>
public enum ImageKind
{
    Unknown,
    Png,
    Jpeg,
    Bmp,
}
