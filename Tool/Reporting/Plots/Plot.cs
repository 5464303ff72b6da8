namespace ManagedDyn.Tool.Reporting.Plots;

/// <summary>Something that is drawn as one SVG picture.</summary>
public abstract record Plot(string Title);
