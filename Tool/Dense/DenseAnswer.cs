using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Dense;

/// <summary>What a model said about each pixel of one picture.</summary>
/// <param name="Name">The picture's name.</param>
/// <param name="Input">The picture as it was given to the model.</param>
/// <param name="Prediction">What the answer took.</param>
/// <param name="Map">The class of each pixel, or the bytes of a picture.</param>
/// <param name="Refined">1 for each pixel that the expensive pass computed; empty: nobody asked.</param>
public sealed record DenseAnswer(string Name, PixelImage Input, DensePrediction Prediction, byte[] Map, byte[] Refined)
{
    /// <summary>The share of pixels that the expensive pass computed.</summary>
    public double RefinedShare => (double)Prediction.RefinedPixels / ((long)Input.Width * Input.Height);

    /// <summary>The answer as a picture: classes in colours, or the picture itself.</summary>
    public PixelImage ToPicture(AnswerKind answers) => answers == AnswerKind.Picture
        ? new PixelImage(Input.Width, Input.Height, Map.Length / (Input.Width * Input.Height), Map)
        : LabelColours.Paint(Map, Input.Width, Input.Height);

    /// <summary>The share of each class among the pixels.</summary>
    public double[] ClassShares(int classes)
    {
        double[] shares = new double[classes];
        foreach (byte label in Map)
        {
            shares[label] += 1.0 / Map.Length;
        }

        return shares;
    }
}
