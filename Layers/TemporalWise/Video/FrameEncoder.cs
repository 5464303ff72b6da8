using System;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.TemporalWise.Video;

/// <summary>
/// The small convolutional network that networks of videos share: it sees one frame at a time, [N, H, W, C] to [N, features], by 3 × 3 convolutions of stride 2 with
/// normalisation and rectifier, and the mean over what pixels are left.
/// </summary>
public static class FrameEncoder
{
    /// <summary>Makes an encoder.</summary>
    /// <param name="inChannels">Channels of a frame.</param>
    /// <param name="channels">Output channels of each convolution; the last is the number of features.</param>
    /// <exception cref="ArgumentException">There is no convolution.</exception>
    public static Sequential Create(int inChannels, params ReadOnlySpan<int> channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inChannels, 1);
        if (channels.IsEmpty)
        {
            throw new ArgumentException("An encoder of frames was given no convolution; expected at least one.", nameof(channels));
        }

        Layer[] layers = new Layer[channels.Length + 1];
        for (int i = 0; i < channels.Length; i++)
        {
            layers[i] = new ConvBlock(i == 0 ? inChannels : channels[i - 1], channels[i], 3, stride: 2);
        }

        layers[^1] = new GlobalAveragePool();
        return new Sequential(layers);
    }
}
