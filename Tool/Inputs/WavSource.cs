using System;
using ManagedDyn.Layers.Data.Audio;
using ManagedDyn.Layers.Inference;

namespace ManagedDyn.Tool.Inputs;

/// <summary>A recording, as steps of the model's spectrum.</summary>
internal sealed class WavSource(string path, SignalEncoding encoding) : InputSource(path)
{
    private bool _isRead;

    /// <summary>Whether a file begins as WAV files do.</summary>
    public static bool Recognizes(ReadOnlySpan<byte> start) => start.Length >= 12 && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WAVE"u8);

    public override InputSample? Next()
    {
        if (_isRead)
        {
            return null;
        }

        _isRead = true;
        float[] values = new float[encoding.SampleShape.Count];
        Recording recording;
        int steps;
        try
        {
            recording = WavFile.Read(Path);
            steps = encoding.Encode(recording, values);
        }
        catch (ArgumentException e)
        {
            throw new ToolException($"cannot read '{Path}': {ToolException.Reason(e)}", e);
        }

        if (recording.Duration <= TimeSpan.Zero)
        {
            throw new ToolException($"'{Path}' is a recording of no samples; expected at least one");
        }

        return new InputSample(Path, null, values)
        {
            Steps = steps,
            StepSeconds = (double)encoding.Spectrum.Options.HopSamples / encoding.Spectrum.Options.Rate,
            WholeSeconds = recording.Duration.TotalSeconds,
        };
    }

    public override void Dispose()
    {
        // The file is closed as soon as it is read.
    }
}
