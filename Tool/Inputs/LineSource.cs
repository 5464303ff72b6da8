using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;
using ManagedDyn.Engine.Formats;
using ManagedDyn.Layers.Data.Text;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Files;

namespace ManagedDyn.Tool.Inputs;

/// <summary>The lines of a text file, or of standard input, each a text; any number of them takes no more memory than the longest.</summary>
internal sealed class LineSource : InputSource
{
    /// <summary>What stands for standard input.</summary>
    public const string StandardInput = "-";

    private const int LongestLine = 1 << 20;
    private const string Expected = "a file with a text in each line, or - for standard input";

    private readonly LineReader _reader;
    private readonly TextEncoding _encoding;
    private readonly List<int> _tokens = [];
    private readonly string _prefix;
    private readonly Action<ToolException> _unreadable;

    /// <summary>Opens the file, or standard input.</summary>
    /// <param name="path">The file, or <see cref="StandardInput"/>.</param>
    /// <param name="encoding">How texts become tokens.</param>
    /// <param name="unreadable">Told of each line that is too long; the others are read.</param>
    /// <param name="cancellation">Ends waiting for a line.</param>
    public LineSource(string path, TextEncoding encoding, Action<ToolException> unreadable, CancellationToken cancellation)
        : base(path)
    {
        _unreadable = unreadable;
        bool isStandard = path == StandardInput;
        Stream stream = isStandard ? new WaitingStream(Console.OpenStandardInput(), cancellation) : InputFile.Open(path, Expected);
        _prefix = isStandard ? "line" : path;
        _reader = new LineReader(stream, isStandard ? "standard input" : System.IO.Path.GetFileName(path), LongestLine);
        _encoding = encoding;
    }

    public override bool MayBeEmpty => Path == StandardInput;

    public override InputSample? Next()
    {
        if (Read() is not { } text)
        {
            return null;
        }

        float[] values = new float[_encoding.Length];
        _encoding.Tokenizer.Encode(text, values, _tokens);
        string name = string.Create(CultureInfo.InvariantCulture, $"{_prefix} {_reader.Count}");
        return new InputSample(name, null, values) { Text = text, MayWait = !_reader.HasLine };
    }

    public override void Dispose() => _reader.Dispose();

    private string? Read()
    {
        while (true)
        {
            try
            {
                return _reader.Read();
            }
            catch (ModelLimitException e)
            {
                _unreadable(new ToolException($"cannot read '{Path}': {ToolException.Reason(e)}", e));
            }
        }
    }
}
