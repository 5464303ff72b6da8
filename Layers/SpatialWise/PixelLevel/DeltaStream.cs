using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>
/// Runs a frozen network over a stream of frames and computes only what the last frame changed: each layer's map is kept, a convolution runs anew where its
/// window holds a changed pixel, and what comes out with the old bits changes nothing behind it (after Habibian et al., "Skip-convolutions", CVPR 2021,
/// and Parger et al., "DeltaCNN", CVPR 2022).
/// </summary>
/// <remarks>
/// Those add differences to sums, which rounds; here changed pixels are summed anew from the kept inputs. So with a threshold of 0 each frame has the bits
/// of the dense network, under both kinds of accuracy, and with a larger one no layer's input is ever further than that from what it was told, however
/// long the stream. Convolutions with normalisation, residual blocks and sequences of them are followed pixel by pixel; other layers run whole, and what
/// they changed is found by comparison; what follows the first layer whose output is no map runs for each frame that changes anything.
/// </remarks>
public sealed class DeltaStream
{
    private readonly List<DeltaStep> _steps = [];
    private readonly List<Layer> _tail = [];
    private readonly ChangedPixelsMap _input;
    private readonly float _threshold;
    private readonly Tensor _result;
    private bool _hasResult;

    /// <summary>Begins streams.</summary>
    /// <param name="network">The network, frozen; its layers may be shared by other streams.</param>
    /// <param name="sample">[H, W, C] of a frame.</param>
    /// <param name="threshold">0: exact; else a pixel counts as changed when one of its values differs by more.</param>
    /// <param name="streams">How many streams run side by side, as a batch.</param>
    /// <exception cref="ArgumentException">The network is not frozen or cannot take such frames, or the threshold is negative.</exception>
    public DeltaStream(Layer network, Shape sample, float threshold = 0, int streams = 1)
        : this([network], sample, threshold, streams)
    {
    }

    /// <summary>Begins streams.</summary>
    /// <param name="layers">The network's layers one after another, frozen; they may be shared by other streams.</param>
    /// <param name="sample">[H, W, C] of a frame.</param>
    /// <param name="threshold">0: exact; else a pixel counts as changed when one of its values differs by more.</param>
    /// <param name="streams">How many streams run side by side, as a batch.</param>
    /// <exception cref="ArgumentException">A layer is not frozen or cannot take what comes to it, or the threshold is negative.</exception>
    public DeltaStream(ReadOnlySpan<Layer> layers, Shape sample, float threshold = 0, int streams = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(streams, 1);
        foreach (Layer layer in layers)
        {
            ArgumentNullException.ThrowIfNull(layer, nameof(layers));
            if (!layer.IsFrozen)
            {
                throw new ArgumentException("The network of a stream is not frozen; kept maps would not follow its parameters.", nameof(layers));
            }
        }

        if (sample.Rank != 3 || !(threshold >= 0 && float.IsFinite(threshold)))
        {
            throw new ArgumentException($"A stream was asked for frames {sample} with threshold {threshold}; expected [H, W, C] and a threshold of at least 0.");
        }

        _threshold = threshold;
        _input = new ChangedPixelsMap(new Shape(streams, sample[0], sample[1], sample[2]));
        Shape output = _input.Values.Shape;
        ChangedPixelsMap last = _input;
        foreach (Layer layer in layers)
        {
            output = layer.OutputShape(output);
            last = Append(layer, last);
        }

        _result = _tail.Count > 0 ? Tensor.Zeros(output) : last.Values;
    }

    /// <summary>The share of pixels that the last frame changed, over the maps of all layers but the input.</summary>
    public double ChangedShare
    {
        get
        {
            long changed = 0;
            long all = 0;
            foreach (DeltaStep step in _steps)
            {
                changed += step.Output.ChangedCount;
                all += step.Output.Values.Shape.RowCount;
            }

            return all == 0 ? 0 : (double)changed / all;
        }
    }

    /// <summary>The share of pixels that the last frame made the layers compute, over the maps of all layers but the input.</summary>
    public double ComputedShare
    {
        get
        {
            long computed = 0;
            long all = 0;
            foreach (DeltaStep step in _steps)
            {
                computed += step.ComputedCount;
                all += step.Output.Values.Shape.RowCount;
            }

            return all == 0 ? 0 : (double)computed / all;
        }
    }

    /// <summary>Whether any layer is followed pixel by pixel; if not, only frames that change nothing are saved.</summary>
    public bool FollowsPixels
    {
        get
        {
            foreach (DeltaStep step in _steps)
            {
                if (step is DeltaConvolution)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The pixels of the input that the last frame changed.</summary>
    public int ChangedInputs => _input.ChangedCount;

    /// <summary>Takes the next frame of each stream.</summary>
    /// <param name="context">The context; nothing is recorded. Its accuracy must stay the same, or the streams be reset.</param>
    /// <param name="frames">[streams, H, W, C].</param>
    /// <returns>The network's output, in memory that the next frame overwrites.</returns>
    /// <exception cref="ArgumentException">The frames have another shape; the streams are as they were. After any other failure they are reset.</exception>
    public Tensor Next(Context context, Tensor frames)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (frames.Shape != _input.Values.Shape)
        {
            throw new ArgumentException($"The frames have shape {frames.Shape}; expected {_input.Values.Shape}.", nameof(frames));
        }

        try
        {
            Run(context, frames);
        }
        catch
        {
            // Maps in front of the failure hold this frame, those behind it an older one: what follows would take them for one frame.
            Reset();
            throw;
        }

        return _result;
    }

    /// <summary>Forgets the frames so far: the next ones are computed whole.</summary>
    public void Reset()
    {
        _input.Reset();
        _hasResult = false;
        foreach (DeltaStep step in _steps)
        {
            step.Reset();
        }
    }

    private void Run(Context context, Tensor frames)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        _input.Take(context, frames, _threshold);
        foreach (DeltaStep step in _steps)
        {
            step.Run(context, _threshold);
        }

        ChangedPixelsMap last = _steps.Count == 0 ? _input : _steps[^1].Output;
        if (_tail.Count > 0 && (last.ChangedCount > 0 || !_hasResult))
        {
            Tensor current = last.Values;
            foreach (Layer layer in _tail)
            {
                current = layer.Forward(context, current);
            }

            current.Span.CopyTo(_result.Span);
            _hasResult = true;
        }
    }

    // The map that the layer's output is kept in; of no use once there is a tail.
    private ChangedPixelsMap Append(Layer layer, ChangedPixelsMap input)
    {
        if (layer is Sequential sequence)
        {
            for (int i = 0; i < sequence.Count; i++)
            {
                input = Append(sequence[i], input);
            }

            return input;
        }

        if (_tail.Count > 0 || layer.OutputShape(input.Values.Shape).Rank != 4)
        {
            _tail.Add(layer);
            return input;
        }

        switch (layer)
        {
            case ConvBlock block:
                return Add(new DeltaConvolution(block, input));
            case ResidualBlock residual:
                ChangedPixelsMap shortcut = residual.Shortcut is { } narrow ? Add(new DeltaConvolution(narrow, input)) : input;
                ChangedPixelsMap first = Add(new DeltaConvolution(residual.First, input));
                return Add(new DeltaConvolution(residual.Second, first, shortcut));
            default:
                return Add(new DeltaWhole(layer, input));
        }
    }

    private ChangedPixelsMap Add(DeltaStep step)
    {
        _steps.Add(step);
        return step.Output;
    }
}
