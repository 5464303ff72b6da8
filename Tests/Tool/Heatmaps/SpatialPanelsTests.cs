using System;
using System.Collections.Generic;
using System.Linq;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Imaging;
using Xunit;

namespace ManagedDyn.Tests.Tool.Heatmaps;

/// <summary>Every spatial model tells where it computes, and what it tells is drawn in its place.</summary>
public sealed class SpatialPanelsTests
{
    private const int Size = 32;

    public static TheoryData<string, bool, bool> Networks() => new()
    {
        { "dynconv", true, false },
        { "sact", true, false },
        { "glance", false, true },
        { "recurrent", false, true },
        { "zoom", false, true },
        { "resolution", false, true },
        { "ranet", false, true },
        { "patch", true, false },
        { "tokens", true, false },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_spatial_network_tells_its_places(string name, bool hasMap, bool hasViews)
    {
        StagedNetwork network = Network(name);
        network.Initialize(new RandomSource(3));
        Session session = new(new Model(network), new SessionOptions { KeepDecisions = true });
        float[] values = new float[2 * network.SampleShape.Count];
        Random random = new(5);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = random.NextSingle() - 0.5f;
        }

        session.PredictBatch(values, 2, Budget.Full, new Prediction[2]);
        List<DecisionLine>[] lines = DecisionLines.Of(session, 2);
        foreach (List<DecisionLine> own in lines)
        {
            SpatialChoice[] places = [.. own.Where(line => line.Place is not null).Select(line => line.Place!)];
            Assert.Equal(hasMap, places.Any(place => place.HasMap));
            Assert.Equal(hasViews, places.Any(place => place.Views.Count > 0));
            Assert.All(places, place => Assert.Equal(place.Height * place.Width, place.Shares.Count));
            Assert.All(places.SelectMany(place => place.Views), view => Assert.True(view is { Height: > 0, Width: > 0, Rows: > 0, Columns: > 0 }));
            IReadOnlyList<SpatialPanel> panels = SpatialPanels.Draw(new PixelImage(Size, Size, 3), own);
            Assert.True(panels.Count > 1);
            Assert.All(panels, panel => Assert.Equal((panels[0].Image.Width, panels[0].Image.Height), (panel.Image.Width, panel.Image.Height)));
            Assert.Equal(own.Any(line => line.Place is { HasMap: true, MostLevel: 0 }), panels.Any(panel => panel.Title == "compute of all layers"));
        }
    }

    [Fact]
    public void A_mask_is_drawn_where_it_is()
    {
        PixelImage input = new(8, 8, 1);
        input.Pixels.AsSpan().Fill(200);
        SpatialChoice place = new(2, 2, [0, 1, 0, 0], 0, []);
        IReadOnlyList<SpatialPanel> panels = SpatialPanels.Draw(input, [new DecisionLine("block", DecisionKind.Pixels, 4, [1], float.NaN, 10, 40) { Place = place }]);
        Assert.Equal(["input", "compute of all layers", "block"], panels.Select(panel => panel.Title));
        Assert.Equal("25 %, 1 of 4 pixels", panels[2].Detail);
        PixelImage mask = panels[2].Image;
        Assert.True(IsTinted(mask, mask.Width - 5, 5), "the active cell is not tinted");
        Assert.False(IsTinted(mask, 5, 5), "a cell that was left out is tinted");
        Assert.False(IsTinted(mask, mask.Width - 5, mask.Height - 5), "a cell that was left out is tinted");
    }

    [Fact]
    public void What_is_beside_the_crops_is_grey()
    {
        PixelImage input = new(10, 10, 3);
        for (int i = 0; i < input.Pixels.Length; i += 3)
        {
            (input.Pixels[i], input.Pixels[i + 1], input.Pixels[i + 2]) = (200, 40, 40);
        }

        SpatialChoice place = new(0, 0, [], 0, [new ImageView(0.5f, 0.5f, 0.5f, 0.5f, 3, 3)]);
        IReadOnlyList<SpatialPanel> panels = SpatialPanels.Draw(input, [new DecisionLine("policy", DecisionKind.Regions, 9, [8], float.NaN, 0, 0) { Place = place }]);
        Assert.Equal(["input", "where it looked", "crop 1: policy"], panels.Select(panel => panel.Title));
        PixelImage drawn = panels[1].Image;
        Assert.Equal(drawn.Pixels[0], drawn.Pixels[1], 8.0);
        Assert.Equal(200, drawn.Pixels[3 * ((drawn.Width * drawn.Height * 3 / 4) + (drawn.Width * 3 / 4))]);
        Assert.Equal("seen as 3 x 3 pixels", panels[2].Detail);
    }

    [Fact]
    public void A_sheet_holds_all_panels()
    {
        PixelImage sheet = HeatmapSheet.Compose(SpatialPanels.Draw(new PixelImage(300, 200, 3), []), new string('w', 500), "said");
        Assert.True(sheet is { Width: >= 240, Height: > 160, Channels: 3 });
    }

    private static bool IsTinted(PixelImage image, int x, int y)
    {
        ReadOnlySpan<byte> pixel = image.Pixels.AsSpan(3 * ((y * image.Width) + x), 3);
        return pixel[0] > pixel[2] + 20;
    }

    private static StagedNetwork Network(string name) => name switch
    {
        "dynconv" => new SparseResNet(new SparseResNetOptions { Channels = [8, 8], Blocks = [1, 1], Granularity = 1 }),
        "sact" => SactResNet.Create(new SactResNetOptions { Channels = [8, 8], Units = [2, 2] }),
        "glance" => new GlanceAndFocus(new GlanceAndFocusOptions { Channels = [8, 8], Blocks = [1, 1] }),
        "recurrent" => new RecurrentAttention(new RecurrentAttentionOptions { PatchSize = 8, Scales = 2, Glimpses = 3, Hidden = 16 }),
        "zoom" => new AttentionZoom(new AttentionZoomOptions { Channels = [8, 8], Blocks = [1, 1] }),
        "resolution" => ResolutionNet.Create(new ResolutionNetOptions()),
        "ranet" => new RaNet(new RaNetOptions()),
        "patch" => PatchGatedNet.Create(new PatchGatedNetOptions { Channels = [8, 8], Blocks = [1, 1] }),
        _ => new TokenGrid(new TokenGridOptions()),
    };
}
