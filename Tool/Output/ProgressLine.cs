using System;
using System.Diagnostics;
using System.Text;

namespace ManagedDyn.Tool.Output;

/// <summary>
/// One line on standard error that is drawn again and again: bar, percent, details, time left. It draws nothing when nobody
/// watches, and never more than ten times a second.
/// </summary>
public sealed class ProgressLine : IDisposable
{
    private const int BarLength = 24;
    private const string EraseToEnd = "\u001b[K";
    private const string HideCursor = "\u001b[?25l";
    private const string ShowCursor = "\u001b[?25h";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Terminal _terminal;
    private readonly bool _enabled;
    private readonly long _started = Stopwatch.GetTimestamp();
    private long _drawn;
    private bool _visible;

    public ProgressLine(Terminal terminal, bool enabled = true)
    {
        ArgumentNullException.ThrowIfNull(terminal);
        _terminal = terminal;
        _enabled = enabled && terminal.IsErrorTerminal;
    }

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    /// <summary>Draws the state of the work.</summary>
    /// <param name="title">What is being done.</param>
    /// <param name="fraction">How much of all the work is done, 0 to 1.</param>
    /// <param name="details">What else fits on the line.</param>
    public void Update(string title, double fraction, string details)
    {
        if (!_enabled || (_visible && Stopwatch.GetElapsedTime(_drawn) < Interval))
        {
            return;
        }

        _drawn = Stopwatch.GetTimestamp();
        string line = Render(title, fraction, details, Elapsed, _terminal.Width - 1);
        _terminal.Error.Write((_visible ? string.Empty : HideCursor) + "\r" + line + EraseToEnd);
        _terminal.Error.Flush();
        _visible = true;
    }

    /// <summary>Takes the line away, so that something else can be printed.</summary>
    public void Clear()
    {
        if (_visible)
        {
            _terminal.Error.Write("\r" + EraseToEnd + ShowCursor);
            _terminal.Error.Flush();
            _visible = false;
        }
    }

    public void Dispose() => Clear();

    /// <summary>The text of the line, cut to the width.</summary>
    public static string Render(string title, double fraction, string details, TimeSpan elapsed, int width)
    {
        double done = double.IsFinite(fraction) ? Math.Clamp(fraction, 0, 1) : 0;
        int halves = (int)Math.Round(done * 2 * BarLength);
        StringBuilder line = new();
        line.Append(title).Append(' ')
            .Append('━', halves / 2).Append(halves % 2 == 1 ? "╸" : string.Empty).Append('─', BarLength - ((halves + 1) / 2))
            .Append(' ').Append(Quantity.Percent(done, 0));
        if (done is > 0.001 and < 1)
        {
            line.Append(" · ").Append(Quantity.Clock(elapsed * ((1 - done) / done))).Append(" left");
        }

        if (details.Length > 0)
        {
            line.Append(" · ").Append(details);
        }

        string text = SafeText.Clean(line.ToString());
        return text.Length <= width ? text : text[..Math.Max(0, width)];
    }
}
