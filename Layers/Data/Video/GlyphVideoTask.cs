namespace ManagedDyn.Layers.Data.Video;

/// <summary>What the class of a video of a moving glyph is.</summary>
public enum GlyphVideoTask
{
    /// <summary>Which of ten glyphs moves.</summary>
    Glyph,

    /// <summary>In which of four directions it moves, which no frame alone tells.</summary>
    Motion,

    /// <summary>Both, in forty classes.</summary>
    GlyphAndMotion,
}
