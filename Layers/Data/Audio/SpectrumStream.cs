using System;

namespace ManagedDyn.Layers.Data.Audio;

/// <summary>
/// A <see cref="MelSpectrum"/> as samples come: give it samples in pieces of any size, and take frames as they are full; at the end of the signal the rest. The frames
/// have the bits that the whole signal's have.
/// </summary>
/// <remarks>while samples are left: samples = samples[stream.Push(samples, bands, out isFull)..]; at the end: while (stream.Finish(bands)) …</remarks>
public sealed class SpectrumStream
{
    private readonly MelSpectrum _spectrum;
    private readonly float[] _frame;
    private readonly float[] _scratch;
    private int _filled;
    private long _skips;
    private long _samples;
    private long _frames;

    /// <summary>Begins with a signal.</summary>
    /// <param name="spectrum">The spectrum; it may be shared.</param>
    public SpectrumStream(MelSpectrum spectrum)
    {
        ArgumentNullException.ThrowIfNull(spectrum);
        _spectrum = spectrum;
        _frame = new float[spectrum.Options.FrameSamples];
        _scratch = new float[spectrum.ScratchLength];
    }

    /// <summary>Takes samples until a frame is full.</summary>
    /// <param name="samples">The next samples of the signal.</param>
    /// <param name="bands">Gets the frame, if one is full.</param>
    /// <param name="isFull">Whether one is.</param>
    /// <returns>How many samples were taken; give those behind them at the next call.</returns>
    public int Push(ReadOnlySpan<float> samples, Span<float> bands, out bool isFull)
    {
        int taken = (int)Math.Min(_skips, samples.Length);
        _skips -= taken;
        int count = Math.Min(samples.Length - taken, _frame.Length - _filled);
        samples.Slice(taken, count).CopyTo(_frame.AsSpan(_filled));
        _filled += count;
        taken += count;
        _samples += taken;
        isFull = _filled == _frame.Length;
        if (isFull)
        {
            Give(bands);
        }

        return taken;
    }

    /// <summary>Gives a frame that reaches beyond the end of the signal.</summary>
    /// <param name="bands">Gets the frame, if there is one.</param>
    /// <returns>Whether there was one; false: the signal has been told, and the next one may begin.</returns>
    public bool Finish(Span<float> bands)
    {
        // As many as a whole signal of this length has.
        if (_frames < _spectrum.FramesOf((int)Math.Min(_samples, int.MaxValue)))
        {
            Give(bands);
            return true;
        }

        (_filled, _skips, _samples, _frames) = (0, 0, 0, 0);
        return false;
    }

    private void Give(Span<float> bands)
    {
        _spectrum.Frame(_frame.AsSpan(0, _filled), _scratch, bands);
        _frames++;
        int hop = _spectrum.Options.HopSamples;
        int kept = Math.Max(0, _filled - hop);
        _frame.AsSpan(_filled - kept, kept).CopyTo(_frame);
        _skips = Math.Max(0, hop - _filled);
        _filled = kept;
    }
}
