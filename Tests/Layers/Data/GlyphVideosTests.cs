using System;
using System.Linq;
using ManagedDyn.Layers.Data.Video;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

/// <summary>The built-in videos: the same bytes for the same seed, frames that show the digit and others, and what is asked of them.</summary>
public class GlyphVideosTests
{
    private const int Pixels = GlyphVideos.Size * GlyphVideos.Size;

    [Fact]
    public void A_video_depends_on_seed_part_and_index_alone()
    {
        byte[] first = Draw(1, "training", 3, 16, out _);
        Assert.Equal(first, Draw(1, "training", 3, 16, out _));
        Assert.NotEqual(first, Draw(2, "training", 3, 16, out _));
        Assert.NotEqual(first, Draw(1, "test", 3, 16, out _));
        Assert.NotEqual(first, Draw(1, "training", 4, 16, out _));

        // The bytes stay what they are: models and figures stand on them.
        uint sum = 0;
        for (int i = 0; i < 8; i++)
        {
            foreach (byte value in Draw(1, "training", i, 16, out _))
            {
                sum = System.Numerics.BitOperations.Crc32C(sum, value);
            }
        }

        Assert.Equal(1117458431u, sum);
    }

    [Fact]
    public void Some_frames_show_the_digit_and_many_do_not()
    {
        int shown = 0;
        int all = 0;
        GlyphFrameKind[] kinds = new GlyphFrameKind[16];
        int[] seen = new int[4];
        for (int i = 0; i < 300; i++)
        {
            byte[] pixels = new byte[16 * Pixels];
            (_, float difficulty) = GlyphVideos.Draw(1, "training", i, GlyphVideoTask.Glyph, pixels, kinds);
            Assert.InRange(difficulty, 0, 1);
            int own = kinds.Count(kind => kind == GlyphFrameKind.Shown);
            Assert.InRange(own, 3, 16);
            shown += own;
            all += 16;
            foreach (GlyphFrameKind kind in kinds)
            {
                seen[(int)kind]++;
            }
        }

        Assert.InRange((double)shown / all, 0.4, 0.75);
        Assert.All(seen, count => Assert.True(count > all / 20));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(33)]
    public void Videos_of_any_length_show_the_digit_in_some_frames(int frames)
    {
        GlyphFrameKind[] kinds = new GlyphFrameKind[frames];
        for (int i = 0; i < 100; i++)
        {
            _ = GlyphVideos.Draw(1, "training", i, GlyphVideoTask.Glyph, new byte[frames * Pixels], kinds);
            Assert.True(kinds.Count(kind => kind == GlyphFrameKind.Shown) >= Math.Min(3, frames));
        }
    }

    [Fact]
    public void The_class_is_what_is_asked_for()
    {
        bool[] met = new bool[GlyphVideos.ClassCount(GlyphVideoTask.GlyphAndMotion)];
        byte[] pixels = new byte[Pixels];
        for (int i = 0; i < 1000; i++)
        {
            int glyph = GlyphVideos.Draw(1, "training", i, GlyphVideoTask.Glyph, pixels).Label;
            int motion = GlyphVideos.Draw(1, "training", i, GlyphVideoTask.Motion, pixels).Label;
            int both = GlyphVideos.Draw(1, "training", i, GlyphVideoTask.GlyphAndMotion, pixels).Label;
            Assert.Equal((4 * glyph) + motion, both);
            met[both] = true;
        }

        Assert.DoesNotContain(false, met);
        Assert.Equal("7 left", GlyphVideos.ClassNames(GlyphVideoTask.GlyphAndMotion)[29]);
        Assert.Equal(GlyphVideos.ClassCount(GlyphVideoTask.Motion), GlyphVideos.ClassNames(GlyphVideoTask.Motion).Length);
        Assert.Equal(GlyphVideos.ClassCount(GlyphVideoTask.Glyph), GlyphVideos.ClassNames(GlyphVideoTask.Glyph).Length);
    }

    [Fact]
    public void Room_for_no_whole_frames_is_refused()
    {
        Assert.Throws<ArgumentException>(() => GlyphVideos.Draw(1, "training", 0, GlyphVideoTask.Glyph, new byte[Pixels - 1]));
        Assert.Throws<ArgumentException>(() => GlyphVideos.Draw(1, "training", 0, GlyphVideoTask.Glyph, []));
        Assert.Throws<ArgumentException>(() => GlyphVideos.Draw(1, "training", 0, GlyphVideoTask.Glyph, new byte[2 * Pixels], new GlyphFrameKind[1]));
        Assert.Throws<ArgumentException>(() => GlyphVideos.Draw(1, "training", 0, GlyphVideoTask.Glyph, new byte[257 * Pixels]));
    }

    private static byte[] Draw(ulong seed, string part, int index, int frames, out int label)
    {
        byte[] pixels = new byte[frames * Pixels];
        label = GlyphVideos.Draw(seed, part, index, GlyphVideoTask.Glyph, pixels).Label;
        return pixels;
    }
}
