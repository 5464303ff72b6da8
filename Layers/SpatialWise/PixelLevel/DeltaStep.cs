using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>A layer of a network that runs on streams: brings its output up to date from the changed pixels of its input.</summary>
internal abstract class DeltaStep
{
    /// <summary>The output of the last frame.</summary>
    public abstract ChangedPixelsMap Output { get; }

    /// <summary>The pixels of the output, over all streams, that the last frame made it compute.</summary>
    public abstract int ComputedCount { get; }

    /// <summary>Takes a frame.</summary>
    public abstract void Run(Context context, float threshold);

    /// <summary>Forgets the frames so far.</summary>
    public abstract void Reset();
}
