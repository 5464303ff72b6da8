using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Explanations;
using ManagedDyn.Tool.Heatmaps;
using ManagedDyn.Tool.Imaging;
using ManagedDyn.Tool.Output;

namespace ManagedDyn.Tool.Dense;

/// <summary>The panels of an answer for each pixel: the picture, the answer, and which pixels were refined.</summary>
internal static class DenseHeatmap
{
    public static IReadOnlyList<SpatialPanel> Panels(Model model, DenseAnswer answer)
    {
        float[] shares = new float[answer.Refined.Length];
        for (int i = 0; i < shares.Length; i++)
        {
            shares[i] = answer.Refined[i];
        }

        SpatialChoice place = new(answer.Input.Height, answer.Input.Width, shares, 0, []);
        DecisionLine line = new("refined pixels", DecisionKind.Pixels, shares.Length, [], float.NaN, 0, 0) { Place = place };
        List<SpatialPanel> panels = [.. SpatialPanels.Draw(answer.Input, [line])];

        // With one layer the compute of all layers is its mask once more.
        panels.RemoveAll(static panel => panel.IsHeat);
        PixelImage said = SpatialPanels.Enlarge(answer.ToPicture(model.Answers).ToRgb());
        panels.Insert(1, new SpatialPanel(said, model.Answers == AnswerKind.Picture ? "answer" : "class of each pixel", Said(model, answer)));
        panels[^1] = panels[^1] with { Detail = $"{Quantity.Percent(answer.RefinedShare)} of the pixels" };
        return panels;
    }

    /// <summary>"ground #262a34, 4 #e07b26": the colour of each class.</summary>
    public static string Legend(Model model)
    {
        List<string> texts = [];
        for (int label = 0; label < model.ClassCount; label++)
        {
            texts.Add($"{model.LabelName(label)} {LabelColours.Hex(label)}");
        }

        return string.Join(", ", texts);
    }

    /// <summary>"63.2 % ground, 12.1 % 4".</summary>
    public static string Said(Model model, DenseAnswer answer)
    {
        if (model.Answers == AnswerKind.Picture)
        {
            return "a picture";
        }

        double[] shares = answer.ClassShares(model.ClassCount);
        List<int> order = [];
        for (int label = 0; label < shares.Length; label++)
        {
            if (shares[label] > 0)
            {
                order.Add(label);
            }
        }

        order.Sort((one, other) => shares[other] != shares[one] ? shares[other].CompareTo(shares[one]) : one.CompareTo(other));
        List<string> texts = [];
        foreach (int label in order)
        {
            texts.Add($"{model.LabelName(label)} {Quantity.Percent(shares[label])}");
        }

        return string.Join(", ", texts);
    }

    public static PixelImage Sheet(Model model, DenseAnswer answer)
    {
        DensePrediction prediction = answer.Prediction;
        string said = $"{Quantity.Scaled(prediction.MacsExecuted)} of {Quantity.Scaled(prediction.MacsDense)} multiply-adds, {Quantity.Milliseconds(prediction.Duration.TotalMilliseconds)}, {prediction.Tiles} {(prediction.Tiles == 1 ? "tile" : "tiles")}";
        return HeatmapSheet.Compose(Panels(model, answer), answer.Name, said);
    }
}
