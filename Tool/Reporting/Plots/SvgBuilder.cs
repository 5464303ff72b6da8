using System;
using System.Globalization;
using System.Text;

namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>Appends SVG elements as text: numbers in the invariant culture with two decimals, text escaped.</summary>
public sealed class SvgBuilder
{
    private readonly StringBuilder _text = new();

    public SvgBuilder Raw(string markup)
    {
        _text.Append(markup);
        return this;
    }

    public SvgBuilder Line(double x1, double y1, double x2, double y2, string cssClass)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\" class=\"{cssClass}\"/>\n");
        return this;
    }

    public SvgBuilder Text(double x, double y, string text, string cssClass, string anchor = "start")
    {
        _text.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\" class=\"{cssClass}\" text-anchor=\"{anchor}\">");
        AppendEscaped(_text, text);
        _text.Append("</text>\n");
        return this;
    }

    public SvgBuilder Circle(double x, double y, double radius, string cssClass, string? note = null)
    {
        _text.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{radius:0.##}\" class=\"{cssClass}\"");
        return Close("circle", note);
    }

    /// <summary>A bar with its upper corners rounded.</summary>
    public SvgBuilder Bar(double x, double y, double width, double height, string cssClass, string? note = null)
    {
        double radius = Math.Min(4, Math.Min(width / 2, height));
        _text.Append(
            CultureInfo.InvariantCulture,
            $"<path d=\"M{x:0.##} {y + height:0.##}v{-(height - radius):0.##}q0 {-radius:0.##} {radius:0.##} {-radius:0.##}h{width - (2 * radius):0.##}q{radius:0.##} 0 {radius:0.##} {radius:0.##}v{height - radius:0.##}z\" class=\"{cssClass}\"");
        return Close("path", note);
    }

    public SvgBuilder Path(ReadOnlySpan<(double X, double Y)> points, string cssClass)
    {
        _text.Append("<path d=\"");
        for (int i = 0; i < points.Length; i++)
        {
            _text.Append(i == 0 ? 'M' : 'L').Append(CultureInfo.InvariantCulture, $"{points[i].X:0.##} {points[i].Y:0.##}");
        }

        _text.Append(CultureInfo.InvariantCulture, $"\" class=\"{cssClass}\"/>\n");
        return this;
    }

    public override string ToString() => _text.ToString();

    /// <summary>Escapes for HTML and SVG, in text and in quoted attributes; control characters become a visible mark.</summary>
    public static void AppendEscaped(StringBuilder builder, string text)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(text);
        foreach (char c in text)
        {
            switch (c)
            {
                case '&': builder.Append("&amp;"); break;
                case '<': builder.Append("&lt;"); break;
                case '>': builder.Append("&gt;"); break;
                case '"': builder.Append("&quot;"); break;
                case '\'': builder.Append("&#39;"); break;
                case '\t' or '\n' or '\r': builder.Append(' '); break;
                default: builder.Append(char.IsControl(c) ? '\uFFFD' : c); break;
            }
        }
    }

    private SvgBuilder Close(string element, string? note)
    {
        if (note is null)
        {
            _text.Append("/>\n");
            return this;
        }

        // Browsers show a title element as a tool tip: no script needed.
        _text.Append("><title>");
        AppendEscaped(_text, note);
        _text.Append("</title></").Append(element).Append(">\n");
        return this;
    }
}
