using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Inference;

/// <summary>
/// Asks a model that answers for each pixel, on images of any size, within a limit of memory: what does not fit is run in tiles, which overlap by as much as an output
/// pixel sees, so that the answer is that of the whole image, bit for bit under <see cref="Accuracy.Exact"/>. Pixels of which the first pass is sure are not refined.
/// One thread at a time.
/// </summary>
public sealed class DenseSession
{
    // What estimates of memory leave free, for buffers whose size depends on how many pixels are chosen, and how much smaller tiles become when an estimate was wrong.
    private const double Filled = 0.75;
    private const double Shrink = 0.8;

    private readonly DenseNetwork _network;
    private readonly StageState _state;
    private readonly Context _context;
    private readonly ComputeMeter _meter = new();
    private readonly float[] _thresholds;
    private readonly long _memoryBytes;
    private readonly bool _isLimited;
    private readonly int _halo;
    private long _pixelBytes;

    /// <summary>Makes a session.</summary>
    /// <param name="model">A model that answers with maps of labels or pictures; many sessions may share it.</param>
    /// <param name="options">How to compute; none: the usual.</param>
    /// <param name="memoryBytes">The most working memory, packed weights apart; that of the options' limits, where it is less, holds as well.</param>
    /// <exception cref="ArgumentException">The model answers with classes.</exception>
    public DenseSession(Model model, SessionOptions? options = null, long memoryBytes = long.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(memoryBytes, 1);
        options ??= SessionOptions.Default;
        Model = model;
        _network = model.Network as DenseNetwork
            ?? throw new ArgumentException($"The model answers with a {model.Answers}; expected one that answers for each pixel. Ask it through a {nameof(Session)}.", nameof(model));
        _isLimited = memoryBytes < long.MaxValue;
        _memoryBytes = Math.Min(memoryBytes, options.Limits.WorkspaceBytes);
        Limits limits = new() { WorkspaceBytes = _memoryBytes, PackedBytes = options.Limits.PackedBytes };
        _context = new Context(options.Workers, null, limits) { Accuracy = options.Accuracy, Meter = _meter };
        _state = _network.CreateState();
        _thresholds = new float[model.ExitCount - 1];
        _halo = RoundUp(_network.Reach);
        Report = options.KeepReport ? new ComputeReport(model) : null;
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>What the last call computed, layer by layer; null unless <see cref="SessionOptions.KeepReport"/> was asked for.</summary>
    public ComputeReport? Report { get; }

    /// <summary>The memory that the session holds for its computations, in bytes.</summary>
    public long ReservedBytes => _context.Workspace.ReservedBytes;

    /// <summary>Answers for an image of bytes, to which the model's preprocessing is applied.</summary>
    /// <param name="image">Its bytes, [H, W, C].</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="budget">Full: all pixels are refined; by confidence, thresholds or a point: those that the first pass is less sure of.</param>
    /// <param name="outputs">Where the answer is written.</param>
    /// <param name="cancellation">Ends the call early; what is written by then is unfinished.</param>
    /// <exception cref="ArgumentException">
    /// A span has the wrong length, the model has no preprocessing, the budget is of multiply-adds or time, or the smallest tile does not fit the memory.
    /// </exception>
    public DensePrediction Predict(ReadOnlySpan<byte> image, int height, int width, Budget budget, DenseOutputs outputs, CancellationToken cancellation = default)
    {
        if (Model.Preprocessing is null)
        {
            throw new ArgumentException("The model carries no preprocessing, so it cannot take bytes; give it values that are already preprocessed.");
        }

        Check(image.Length, "bytes", height, width, budget, outputs);
        return Run([], image, height, width, budget, outputs, cancellation);
    }

    /// <summary>Answers for an image of values that are preprocessed already.</summary>
    /// <param name="image">Its values, [H, W, C], finite.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="budget">Full: all pixels are refined; by confidence, thresholds or a point: those that the first pass is less sure of.</param>
    /// <param name="outputs">Where the answer is written.</param>
    /// <param name="cancellation">Ends the call early; what is written by then is unfinished.</param>
    /// <exception cref="ArgumentException">
    /// A span has the wrong length, a value is NaN or infinite, the budget is of multiply-adds or time, or the smallest tile does not fit the memory.
    /// </exception>
    public DensePrediction Predict(ReadOnlySpan<float> image, int height, int width, Budget budget, DenseOutputs outputs, CancellationToken cancellation = default)
    {
        Check(image.Length, "values", height, width, budget, outputs);
        int wrong = ModelChecks.FirstNonFinite(image);
        if (wrong >= 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Value {wrong} of the image is {image[wrong]}; expected finite numbers."));
        }

        return Run(image, [], height, width, budget, outputs, cancellation);
    }

    private int RoundUp(int pixels) => (pixels + _network.SizeMultiple - 1) / _network.SizeMultiple * _network.SizeMultiple;

    private void Check(int given, string what, int height, int width, Budget budget, DenseOutputs outputs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        long pixels = (long)height * width;
        if (given != pixels * Model.SampleShape[2])
        {
            throw new ArgumentException($"{given} {what} were given; expected {pixels * Model.SampleShape[2]}, {height} x {width} x {Model.SampleShape[2]} (channels last).");
        }

        CheckRoom(outputs.Map.Length, pixels * (Model.Answers == AnswerKind.Picture ? Model.ClassCount : 1), "bytes of the map");
        CheckRoom(outputs.Certainties.Length, pixels, "certainties");
        CheckRoom(outputs.Refined.Length, pixels, "bytes of refined pixels");
        CheckRoom(outputs.Values.Length, pixels * Model.ClassCount, "values");
        if (budget.MacsCap > 0 || budget.TimeLimit > TimeSpan.Zero)
        {
            throw new ArgumentException("The budget is of multiply-adds or of time; a model that answers for each pixel takes a threshold of confidence, or an operating point.", nameof(budget));
        }
    }

    private static void CheckRoom(int given, long expected, string what)
    {
        if (given != 0 && given != expected)
        {
            throw new ArgumentException($"There is room for {given} {what}; expected none or {expected}.");
        }
    }

    private DensePrediction Run(
        ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, int height, int width, Budget budget, DenseOutputs outputs, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        ReadOnlySpan<float> thresholds = budget.Resolve(Model, _thresholds);
        float threshold = thresholds.IsEmpty ? float.PositiveInfinity : thresholds[0];
        _context.Cancellation = cancellation;
        try
        {
            int side = SideFor(height, width);
            while (true)
            {
                DensePrediction answer = RunTiles(values, bytes, height, width, side, threshold, outputs);
                if (answer.Tiles > 0)
                {
                    return answer with { MacsDense = DenseMacs(height, width), Duration = Stopwatch.GetElapsedTime(started) };
                }

                // The estimate was too low; nothing of what was written stays.
                side = (int)(Math.Min(side, Math.Max(RoundUp(height), RoundUp(width))) * Shrink) / _network.SizeMultiple * _network.SizeMultiple;
                _context.Workspace.Trim();
                if (side < _network.SizeMultiple)
                {
                    throw TooSmall();
                }
            }
        }
        finally
        {
            _context.Cancellation = CancellationToken.None;
        }
    }

    // No tiles in the answer: one would have taken more memory than is allowed.
    private DensePrediction RunTiles(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, int height, int width, int side, float threshold, DenseOutputs outputs)
    {
        DensePrediction answer = new(0, 0, 0, 0, side, TimeSpan.Zero);
        _context.Workspace.ResetPeak();
        Report?.Begin(1);
        for (int top = 0; top < height; top += side)
        {
            for (int left = 0; left < width; left += side)
            {
                _context.ThrowIfCancelled();
                DenseTile tile = DenseTile.At(top, left, side, height, width, _halo, _network.SizeMultiple);
                _meter.Begin(1);
                long refined;
                try
                {
                    refined = RunTile(values, bytes, in tile, threshold, outputs);
                }
                catch (MemoryLimitException)
                {
                    return answer with { Tiles = 0 };
                }

                Report?.Add(_meter);
                answer = answer with { MacsExecuted = answer.MacsExecuted + _meter.ExecutedMacs(0), RefinedPixels = answer.RefinedPixels + refined, Tiles = answer.Tiles + 1 };
                if (ReservedBytes <= _memoryBytes)
                {
                    continue;
                }

                if (_context.Workspace.PeakBytes > _memoryBytes)
                {
                    return answer with { Tiles = 0 };
                }

                // Buffers for other numbers of chosen pixels have added up.
                _context.Workspace.Trim();
            }
        }

        return answer;
    }

    private long RunTile(ReadOnlySpan<float> values, ReadOnlySpan<byte> bytes, in DenseTile tile, float threshold, DenseOutputs outputs)
    {
        using WorkspaceScope scope = _context.Workspace.Enter();
        Tensor input = _context.Workspace.RentZeros(new Shape(1, tile.Height, tile.Width, Model.SampleShape[2]));
        tile.Read(values, bytes, Model.Preprocessing, input);
        _network.Start(_context, input, _state);
        Tensor answer = _network.Advance(_context, _state);
        long refined = tile.CoreHeight * (long)tile.CoreWidth;
        if (_network.StageCount == 1)
        {
            tile.Write(answer, Model.Answers, outputs, default, default);
            return refined;
        }

        Tensor certainties = _context.Workspace.Rent(new Shape(tile.Height * tile.Width));
        if (Model.Answers == AnswerKind.Picture)
        {
            PixelCertainty.OfPicture(answer.Span, tile.Height, tile.Width, certainties.Span);
        }
        else
        {
            PixelCertainty.OfLabels(answer.Span, certainties.Span);
        }

        Tensor wanted = _context.Workspace.RentZeros(certainties.Shape);
        refined = tile.MarkUnsure(certainties.Span, threshold, wanted.Span);
        if (refined > 0)
        {
            _state.Chosen = _context.Workspace.SelectAtLeast(1, wanted.Count, wanted.Span, 0.5f);
            answer = _network.Advance(_context, _state);
        }

        tile.Write(answer, Model.Answers, outputs, certainties, wanted);
        return refined;
    }

    private long DenseMacs(int height, int width)
    {
        long macs = 0;
        for (int stage = 0; stage < _network.StageCount; stage++)
        {
            macs += _network.MacsOf(stage, RoundUp(height), RoundUp(width));
        }

        return macs;
    }

    // The most rows and columns that a tile answers for, so that it fits with what it overlaps.
    private int SideFor(int height, int width)
    {
        int whole = Math.Max(RoundUp(height), RoundUp(width));
        if (!_isLimited)
        {
            return whole;
        }

        if (_pixelBytes == 0)
        {
            _pixelBytes = MeasurePixel();
        }

        double room = Filled * _memoryBytes / _pixelBytes;
        if ((double)RoundUp(height) * RoundUp(width) <= room)
        {
            return whole;
        }

        int side = ((int)Math.Min(Math.Sqrt(room), int.MaxValue / 2) - (2 * _halo)) / _network.SizeMultiple * _network.SizeMultiple;
        return side >= _network.SizeMultiple ? Math.Max(Even(height, side), Even(width, side)) : throw TooSmall();
    }

    // As many tiles as there must be, but all of about one size: they read as much for a small core as for a large one.
    private int Even(int extent, int side)
    {
        int count = (extent + side - 1) / side;
        return RoundUp((extent + count - 1) / count);
    }

    private ArgumentException TooSmall(Exception? cause = null)
    {
        if (_pixelBytes == 0)
        {
            return new ArgumentException(string.Create(
                CultureInfo.InvariantCulture, $"The memory limit is {_memoryBytes >> 10} KiB; the smallest tile of this model, which overlaps its neighbours by {_halo} pixels, takes more."), cause);
        }

        long least = (long)((double)_pixelBytes * (_network.SizeMultiple + (2 * _halo)) * (_network.SizeMultiple + (2 * _halo)) / Filled);
        return new ArgumentException(string.Create(
            CultureInfo.InvariantCulture, $"The memory limit is {_memoryBytes >> 10} KiB; the smallest tile of this model, which overlaps its neighbours by {_halo} pixels, takes about {(least >> 10) + 1} KiB."));
    }

    // The memory of a pixel when all are refined, by a trial on the smallest tile.
    private long MeasurePixel()
    {
        int side = _network.SizeMultiple + (2 * _halo);
        float[] zeros = new float[side * side * Model.SampleShape[2]];
        _context.Workspace.Trim();
        _context.Workspace.ResetPeak();
        DenseTile tile = DenseTile.At(0, 0, side, side, side, _halo, _network.SizeMultiple);
        _meter.Begin(1);
        try
        {
            RunTile(zeros, [], in tile, float.PositiveInfinity, default);
        }
        catch (MemoryLimitException e)
        {
            _context.Workspace.Trim();
            throw TooSmall(e);
        }

        long bytes = Math.Max(1, ReservedBytes / ((long)side * side));
        _context.Workspace.Trim();
        return bytes;
    }
}
