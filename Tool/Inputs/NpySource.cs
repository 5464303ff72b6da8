using System;
using System.Globalization;
using System.IO;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Engine.Formats.Npy;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tool.Inputs;

/// <summary>The samples of an npy array: one, or several along its first extent. Bytes and floating-point numbers are taken.</summary>
internal sealed class NpySource : InputSource
{
    private readonly Shape _sample;
    private readonly FileStream _stream;
    private readonly NpyReader _reader;
    private readonly int _count;
    private readonly bool _isSingle;
    private readonly int _steps;
    private int _index;

    public NpySource(string path, Shape sample)
        : base(path)
    {
        _sample = sample;
        _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            _reader = new NpyReader(_stream, System.IO.Path.GetFileName(path));
            (_count, _isSingle, _steps) = Count(_reader.Shape);
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    public override InputSample? Next()
    {
        if (_index == _count)
        {
            _reader.ExpectEnd();
            return null;
        }

        string name = _isSingle ? Path : Numbered(_index);
        _index++;
        if (_reader.Type == ElementType.U8)
        {
            byte[] bytes = new byte[_sample.Count];
            _reader.Read(bytes);
            return new InputSample(name, bytes, null);
        }

        // What a shorter sequence lacks are zeros behind it, as in training.
        float[] values = new float[_sample.Count];
        _reader.ReadSingles(values.AsSpan(0, _steps > 0 ? _steps * _sample[1] : values.Length));
        CheckFinite(name, values);
        return new InputSample(name, null, values) { Steps = _steps };
    }

    public override void Dispose() => _stream.Dispose();

    private (int Count, bool IsSingle, int Steps) Count(Shape shape)
    {
        if (_sample.Rank == 2 && _reader.Type != ElementType.U8 && shape.Rank is 2 or 3)
        {
            int steps = shape[shape.Rank - 2];
            if (steps >= 1 && steps <= _sample[0] && shape[shape.Rank - 1] == _sample[1])
            {
                return shape.Rank == 2 ? (1, true, steps) : (shape[0], false, steps);
            }
        }

        // A lone channel may be left out: [H, W] or [N, H, W].
        bool dropsChannel = _sample.Rank == 3 && _sample[2] == 1;
        foreach (int rank in dropsChannel ? new[] { _sample.Rank, _sample.Rank - 1 } : [_sample.Rank])
        {
            int lead = shape.Rank - rank;
            if (lead is not (0 or 1))
            {
                continue;
            }

            bool fits = true;
            for (int i = 0; i < rank; i++)
            {
                fits &= shape[lead + i] == _sample[i];
            }

            if (fits)
            {
                return lead == 0 ? (1, true, 0) : (shape[0], false, 0);
            }
        }

        throw new ToolException($"'{Path}' is an array of shape {shape}; the model takes {_sample}, alone or several in a row{(_sample.Rank == 2 ? ", or with fewer steps" : string.Empty)}");
    }

    private static void CheckFinite(string name, float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ToolException(string.Create(CultureInfo.InvariantCulture, $"'{name}': value {i} is {values[i]}; expected finite numbers"));
            }
        }
    }
}
