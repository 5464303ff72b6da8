namespace ManagedDyn.Layers.Data.Video;

/// <summary>What a frame of a video of a moving glyph shows.</summary>
public enum GlyphFrameKind
{
    /// <summary>The glyph.</summary>
    Shown,

    /// <summary>Nothing but clutter.</summary>
    Empty,

    /// <summary>The glyph behind something that hides most of it.</summary>
    Hidden,

    /// <summary>In its place strokes that are no glyph.</summary>
    Scribble,
}
