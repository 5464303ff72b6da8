using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using ManagedDyn.Tool.Files;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;
using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>Writes a page as one HTML file that loads nothing: styles, plots and pictures are inside, and there are no scripts.</summary>
public sealed class PageWriter
{
    private readonly StringBuilder _html = new();

    private PageWriter()
    {
    }

    public static string ToHtml(Page page)
    {
        ArgumentNullException.ThrowIfNull(page);
        PageWriter writer = new();
        writer.Write(page);
        return writer._html.ToString();
    }

    public static void WriteFile(string path, Page page) => OutputFile.WriteText(path, ToHtml(page));

    private void Write(Page page)
    {
        _html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n");
        Element("title", page.Title);
        _html.Append("<style>\n").Append(PageStyle.Sheet).Append("</style>\n</head>\n<body>\n<main>\n<header>\n");
        Element("p", page.Kicker, "kicker");
        Element("h1", page.Title);
        Element("p", page.Lead, "lead");
        if (page.Figures.Count > 0)
        {
            _html.Append("<div class=\"figures\">\n");
            foreach (Figure figure in page.Figures)
            {
                _html.Append("<div class=\"figure\">");
                Element("b", figure.Value);
                Element("span", figure.Name);
                Element("small", figure.Detail);
                _html.Append("</div>\n");
            }

            _html.Append("</div>\n");
        }

        _html.Append("</header>\n");
        foreach (Section section in page.Sections)
        {
            _html.Append("<section>\n");
            Element("h2", section.Title);
            Element("p", section.Lead);
            WriteBlocks(section.Blocks);
            _html.Append("</section>\n");
        }

        Element("footer", page.Footer);
        _html.Append("</main>\n</body>\n</html>\n");
    }

    private void WriteBlocks(IReadOnlyList<Block> blocks)
    {
        foreach (Block block in blocks)
        {
            switch (block)
            {
                case TextBlock text:
                    Element("p", text.Text);
                    break;
                case RowBlock row:
                    _html.Append("<div class=\"row\">\n");
                    WriteBlocks(row.Blocks);
                    _html.Append("</div>\n");
                    break;
                case PlotBlock plot:
                    OpenCard(plot.Plot.Title);
                    _html.Append(SvgPlot.Element(plot.Plot));
                    CloseCard(plot.Note);
                    break;
                case TableBlock table:
                    WriteTable(table);
                    break;
                case ImageGridBlock grid:
                    WriteGrid(grid);
                    break;
                case FactsBlock facts:
                    WriteFacts(facts);
                    break;
                default:
                    throw new ArgumentException($"no writer for {block.GetType().Name}", nameof(blocks));
            }
        }
    }

    private void WriteTable(TableBlock table)
    {
        OpenCard(table.Title);
        _html.Append("<div class=\"scroll\"><table>\n<thead><tr>");
        foreach (TableColumn column in table.Columns)
        {
            Element("th", column.Title, column.IsNumber ? "number" : null);
        }

        _html.Append("</tr></thead>\n<tbody>\n");
        for (int r = 0; r < table.Rows.Count; r++)
        {
            _html.Append(r == table.MarkedRow ? "<tr class=\"marked\">" : "<tr>");
            for (int c = 0; c < table.Rows[r].Count; c++)
            {
                TableCell cell = table.Rows[r][c];
                if (cell.Shares is { } shares)
                {
                    WriteShares(cell.Text, shares);
                }
                else
                {
                    Element("td", cell.Text, table.Columns[c].IsNumber ? "number" : null);
                }
            }

            _html.Append("</tr>\n");
        }

        _html.Append("</tbody></table></div>\n");
        CloseCard(table.Note);
    }

    private void WriteShares(string text, IReadOnlyList<double> shares)
    {
        _html.Append("<td><div class=\"shares\" title=\"");
        SvgBuilder.AppendEscaped(_html, text);
        _html.Append("\">");
        for (int exit = 0; exit < shares.Count; exit++)
        {
            if (shares[exit] > 0)
            {
                string name = SeriesColour.Exit(exit, shares.Count).CssClass;
                _html.Append(CultureInfo.InvariantCulture, $"<i class=\"{name}\" style=\"width:{100 * shares[exit]:0.##}%\" title=\"exit {exit + 1}: {Quantity.Percent(shares[exit])}\"></i>");
            }
        }

        _html.Append("</div></td>");
    }

    private void WriteGrid(ImageGridBlock grid)
    {
        OpenCard(grid.Title);
        _html.Append(grid.IsLarge ? "<div class=\"tiles large\">\n" : "<div class=\"tiles\">\n");
        foreach (ImageTile tile in grid.Tiles)
        {
            _html.Append(tile.IsWrong ? "<figure class=\"tile wrong\">" : "<figure class=\"tile\">")
                .Append("<img alt=\"\" src=\"data:image/png;base64,").Append(Convert.ToBase64String(PngWriter.Encode(tile.Image))).Append("\">");
            Element("b", tile.Caption);
            Element("span", tile.Badge, "badge " + tile.BadgeColour.CssClass);
            Element("small", tile.Detail);
            _html.Append("</figure>\n");
        }

        _html.Append("</div>\n");
        CloseCard(grid.Note);
    }

    private void WriteFacts(FactsBlock facts)
    {
        OpenCard(facts.Title);
        _html.Append("<dl>\n");
        foreach (Fact fact in facts.Facts)
        {
            Element("dt", fact.Name);
            Element("dd", fact.Value);
        }

        _html.Append("</dl>\n");
        CloseCard(null);
    }

    private void OpenCard(string title)
    {
        _html.Append("<div class=\"card\">\n");
        Element("h3", title);
    }

    private void CloseCard(string? note)
    {
        Element("p", note, "note");
        _html.Append("</div>\n");
    }

    private void Element(string name, string? text, string? cssClass = null)
    {
        if (text is null)
        {
            return;
        }

        _html.Append('<').Append(name);
        if (cssClass is not null)
        {
            _html.Append(" class=\"").Append(cssClass).Append('"');
        }

        _html.Append('>');
        SvgBuilder.AppendEscaped(_html, text);
        _html.Append("</").Append(name).Append('>');
        if (name is "p" or "h1" or "h2" or "h3" or "title" or "dd" or "footer")
        {
            _html.Append('\n');
        }
    }
}
