using System;
using System.IO;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Reporting;
using ManagedDyn.Tool.Reporting.Pages;
using ManagedDyn.Tool.Reporting.Plots;
using Xunit;

namespace ManagedDyn.Tests.Tool.Reporting;

public sealed partial class ReportTests
{
    private const string Nasty = "<script>alert('x')</script> & \"q\" \u001b[31m";

    [Fact]
    public void PageLoadsNothingAndRunsNothing()
    {
        string html = PageWriter.ToHtml(RunReportPage.Make(Sample()));
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\u001b', html);
        Assert.Empty(ExternalReference().Matches(html.Replace("xmlns=\"http://www.w3.org/2000/svg\"", string.Empty, StringComparison.Ordinal)));
        Assert.Contains("prefers-color-scheme:dark", html, StringComparison.Ordinal);
    }

    [Fact]
    public void MarkupIsBalanced()
    {
        string html = PageWriter.ToHtml(RunReportPage.Make(Sample()));

        // The page is XML but for the elements that HTML leaves open.
        string xml = OpenElement().Replace(html["<!doctype html>".Length..], "<$1$2/>");
        XElement root = XElement.Parse(xml);
        XNamespace svg = "http://www.w3.org/2000/svg";
        int plots = 0;
        foreach (XElement plot in root.Descendants(svg + "svg"))
        {
            plots++;
            Assert.NotEmpty(plot.Descendants(svg + "text"));
        }

        Assert.Equal(6, plots);
        Assert.Equal(2, Count(root, "img"));
    }

    [Fact]
    public void PlotsStayInTheirFrame()
    {
        XElement root = XElement.Parse(SvgPlot.File(CurvePlots.AgainstMacs(Sample())));
        foreach (XElement element in root.Descendants())
        {
            foreach (string name in new[] { "x", "x1", "x2", "cx" })
            {
                if (element.Attribute(name) is { } value)
                {
                    Assert.InRange(XmlConvert.ToDouble(value.Value), 0, PlotFrame.Width);
                }
            }
        }
    }

    [Fact]
    public void ExitsThatCannotBeDrawnAreLeftOut()
    {
        RunReport report = new("empty", []) { DataSet = "nothing" };
        Assert.Contains("nothing", PageWriter.ToHtml(RunReportPage.Make(report)), StringComparison.Ordinal);
        report = new RunReport("odd", [new("exit 1", double.NaN, 0.5), new("exit 2", 100, double.PositiveInfinity)]);
        Assert.DoesNotContain("NaN", SvgPlot.Element(CurvePlots.AgainstMacs(report)), StringComparison.Ordinal);
    }

    [Fact]
    public void SummaryStatesWhatWasSaved()
    {
        Page page = RunReportPage.Make(Sample());
        Assert.Contains("takes 40 % of the multiply-adds and 45 % of the time", page.Lead, StringComparison.Ordinal);
        Assert.Contains("0.2 points less accuracy", page.Lead, StringComparison.Ordinal);
        Assert.Equal("60 %", page.Figures[1].Value);
        Assert.Equal("2.22×", page.Figures[2].Value);
    }

    [Fact]
    public void WritingReplacesTheFileInOneStep()
    {
        string folder = Directory.CreateTempSubdirectory("mdyn").FullName;
        string path = Path.Combine(folder, "deep", "er", "report.html");
        PageWriter.WriteFile(path, new Page("one", []));
        PageWriter.WriteFile(path, new Page("two", []));
        Assert.Contains("<h1>two</h1>", File.ReadAllText(path), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
        Directory.Delete(folder, recursive: true);
    }

    private static RunReport Sample() => new(Nasty, [new("exit 1", 1e6, 0.8) { Milliseconds = 0.1, CalibrationError = 0.01 }, new("exit 2", 10e6, 0.92) { Milliseconds = 1, CalibrationError = 0.02 }])
    {
        DataSet = "glyphs",
        Dynamic =
        [
            new("confidence ≥ 0.6", 2e6, 0.87) { Milliseconds = 0.2, Shares = [0.9, 0.1] },
            new("confidence ≥ 0.9", 4e6, 0.918) { Milliseconds = 0.45, Shares = [0.6, 0.4], ExitAccuracies = [0.97, double.NaN] },
        ],
        Chosen = 1,

        // Not the medians of the curve: those are measured one after the other.
        InTurns = (0.36, 0.8),
        Static = [new("static " + Nasty, 5e6, 0.88)],
        Training = [new(1, 2, [0.3, 0.4]), new(2, 1, [0.7, 0.8]) { ValidationLoss = 1.1 }],
        Easiest = [new(new PixelImage(3, 3, 1), "a", "a", 0, 0.99)],
        Hardest = [new(new PixelImage(3, 3, 3), Nasty, "b", 1, 0.4)],
        Settings = [new("seed", "1"), new(Nasty, Nasty)],
        Machine = [new("cores", "2")],
        Parameters = 12345,
        TrainingTime = "2 s",
    };

    private static int Count(XElement root, string name)
    {
        int count = 0;
        foreach (XElement _ in root.Descendants(name))
        {
            count++;
        }

        return count;
    }

    [GeneratedRegex("https?://|url\\(|@import|<link|<iframe|src=\"(?!data:)", RegexOptions.IgnoreCase)]
    private static partial Regex ExternalReference();

    [GeneratedRegex("<(meta|img)( [^>]*)>")]
    private static partial Regex OpenElement();
}
