using ManagedDyn.Tool.Reporting.Plots;

namespace ManagedDyn.Tool.Reporting.Pages;

/// <summary>The style sheet of reports.</summary>
public static class PageStyle
{
    public const string Sheet =
        ":root{color-scheme:light dark;--page:#f6f7f9;--good:#12876f;--bad:#c8364b;--mark:#eef3ff;--shadow:0 1px 2px rgba(16,24,40,.05),0 1px 3px rgba(16,24,40,.06);"
        + PlotStyle.LightColours + "}"
        + "@media (prefers-color-scheme:dark){:root{--page:#0f1216;--good:#5fd0b0;--bad:#ff8292;--mark:#1e2738;--shadow:none;" + PlotStyle.DarkColours + "}}"
        + Rules + PlotStyle.Rules;

    private const string Rules = """

        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif}
        main{max-width:1120px;margin:0 auto;padding:56px 24px 40px}
        header{margin-bottom:34px}
        .kicker{margin:0 0 8px;color:var(--c1);font-weight:600;font-size:13px;letter-spacing:.06em;text-transform:uppercase}
        h1{margin:0;font-size:34px;line-height:1.15;font-weight:700;letter-spacing:-.02em}
        .lead{margin:14px 0 0;max-width:46em;font-size:17px;color:var(--muted)}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(164px,1fr));gap:14px;margin:28px 0 0}
        .figure,.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shadow)}
        .figure{padding:16px 18px 14px}
        .figure b{display:block;font-size:27px;line-height:1.2;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
        .figure span{display:block;margin-top:2px;font-weight:500}
        .figure small{display:block;color:var(--muted);font-size:12.5px}
        section{margin:46px 0 0}
        h2{margin:0;font-size:21px;font-weight:650;letter-spacing:-.01em}
        h2+p{margin:4px 0 0;max-width:52em;color:var(--muted)}
        h3{margin:0 0 14px;font-size:14px;font-weight:600}
        section>p{max-width:52em}
        .row{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:16px}
        section>.row,section>.card{margin-top:18px}
        .card{margin:0;padding:20px 22px;min-width:0}
        .note{margin:12px 0 0;color:var(--muted);font-size:13px}
        .scroll{overflow-x:auto}
        table{width:100%;border-collapse:collapse;font-size:13.5px}
        th{padding:0 10px 8px;text-align:left;font-weight:500;color:var(--muted);border-bottom:1px solid var(--axis);vertical-align:bottom;white-space:nowrap}
        td{padding:7px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
        tr:last-child td{border-bottom:0}
        th:first-child,td:first-child{padding-left:0}
        th:last-child,td:last-child{padding-right:0}
        .number{text-align:right;font-variant-numeric:tabular-nums}
        tr.marked td{background:var(--mark);font-weight:600}
        tr.marked td:first-child{box-shadow:-8px 0 0 var(--mark);border-radius:0}
        tr.marked td:last-child{box-shadow:8px 0 0 var(--mark)}
        .shares{display:flex;width:100%;min-width:150px;height:14px;border-radius:4px;overflow:hidden;gap:1px}
        .shares i{display:block;background:var(--c)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(96px,1fr));gap:16px 14px}
        .tiles.large{grid-template-columns:repeat(auto-fill,minmax(190px,1fr))}
        .tile{margin:0;min-width:0;font-size:12.5px;line-height:1.4}
        .tile img{display:block;width:100%;aspect-ratio:1;object-fit:contain;image-rendering:pixelated;border-radius:8px;background:var(--line)}
        .tile b{display:block;margin-top:6px;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
        .tile small{display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--muted);font-size:12px;font-variant-numeric:tabular-nums}
        .tile.wrong b{color:var(--bad)}
        .badge{display:inline-block;margin-right:5px;padding:0 6px;border-radius:99px;background:var(--c);color:var(--paper);font-size:11px;font-weight:600;line-height:17px}
        dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:6px 20px;margin:0;font-size:13.5px}
        dt{color:var(--muted)}
        dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
        footer{margin:52px 0 0;padding-top:16px;border-top:1px solid var(--line);color:var(--muted);font-size:13px}
        @media (max-width:640px){main{padding:32px 16px}h1{font-size:27px}.card{padding:16px}}
        @media print{body{background:#fff}main{max-width:none;padding:0}.figure,.card{break-inside:avoid;box-shadow:none}section{margin-top:28px}}

        """;
}
