namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>The style of plots: colours by role, with values for light and for dark surroundings.</summary>
public static class PlotStyle
{
    /// <summary>Custom properties of a light page.</summary>
    public const string LightColours = """
        --paper:#ffffff;--ink:#1b2027;--muted:#667085;--line:#e7e9ee;--axis:#b9c0cb;
        --c0:#8a93a3;--c1:#2563eb;--c2:#e07b00;--c3:#12876f;
        --e0:#22b39a;--e1:#179bb8;--e2:#2f82d6;--e3:#4a66db;--e4:#6a4fd0;--e5:#8a3fc0;--e6:#a5369f;--e7:#b83277;
        """;

    /// <summary>The same for a dark page.</summary>
    public const string DarkColours = """
        --paper:#171b21;--ink:#e9ebee;--muted:#98a2b3;--line:#292f38;--axis:#4b5462;
        --c0:#8a93a3;--c1:#7aa5ff;--c2:#ffb35c;--c3:#5fd0b0;
        --e0:#5fe0c6;--e1:#56cbe6;--e2:#62aef5;--e3:#8396fb;--e4:#a084f8;--e5:#bf78ee;--e6:#dc72d6;--e7:#f06fae;
        """;

    public const string Rules = """
        .plot{display:block;width:100%;height:auto;font-family:inherit}
        .plot text{font-size:11.5px;fill:var(--ink)}
        .plot .tick,.plot .axis-title{fill:var(--muted)}
        .plot .tick,.plot .value{font-variant-numeric:tabular-nums}
        .plot .axis-title{font-weight:500}
        .plot .value,.plot .label{font-weight:600}
        .plot .grid{stroke:var(--line);stroke-width:1}
        .plot .axis{stroke:var(--axis);stroke-width:1}
        .plot .line{fill:none;stroke:var(--c);stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}
        .plot .dashed{stroke-width:1.5;stroke-dasharray:4 4}
        .plot .point{fill:var(--c);stroke:var(--paper);stroke-width:1.75}
        .plot .bar{fill:var(--c)}
        .plot .reference{stroke:var(--muted);stroke-width:1;stroke-dasharray:2 4}
        .plot .reference-label{fill:var(--muted);font-size:11px}
        .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}
        .e0{--c:var(--e0)}.e1{--c:var(--e1)}.e2{--c:var(--e2)}.e3{--c:var(--e3)}.e4{--c:var(--e4)}.e5{--c:var(--e5)}.e6{--c:var(--e6)}.e7{--c:var(--e7)}
        """;

    /// <summary>All that a plot in its own file needs.</summary>
    public const string Standalone =
        "svg{" + LightColours + "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
        + "@media (prefers-color-scheme:dark){svg{" + DarkColours + "}}" + Rules + ".paper{fill:var(--paper)}";
}
