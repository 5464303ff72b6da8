using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tool.Training.Presets;

/// <summary>What spatial-wise networks and their static counterpart have in common.</summary>
internal static class SpatialSizes
{
    // Of images with at least so many rows the first convolution makes maps of half the size.
    private const int LargeImage = 40;

    public static int[] Channels => [16, 32, 64];

    public static int[] Blocks => [2, 2, 2];

    public static bool IsLarge(Shape shape) => shape[0] >= LargeImage;

    public static int StemStride(Shape shape) => IsLarge(shape) ? 2 : 1;
}
