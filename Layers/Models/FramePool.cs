using System;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// The static network of videos: every frame is looked at, features are averaged over the frames, and a linear layer answers; or the same with
/// <see cref="TemporalWise.Video.FrameReuse"/>, which does not look again at what has not changed.
/// </summary>
public static class FramePool
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    /// <exception cref="ArgumentException">The sizes make no network.</exception>
    public static SingleStage Create(FramePoolOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SingleStage(options.SampleShape, new FramePoolClassifier(options)) { Recipe = options };
    }
}
