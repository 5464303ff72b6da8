using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.RegionLevel;

/// <summary>
/// Where to look next, as a continuous place: μ = tanh(W·h + b), drawn from N(μ, σ²) while training and μ itself at inference (Mnih et al., "Recurrent models of
/// visual attention", NIPS 2014, section 3.1). No gradient goes into h.
/// </summary>
public sealed class LocationPolicy : Module
{
    private const int MostOnStack = 256;

    private readonly Linear _head;
    private readonly float _deviation;

    /// <summary>Makes a policy.</summary>
    /// <param name="features">Values of h.</param>
    /// <param name="deviation">σ, above 0.</param>
    public LocationPolicy(int features, float deviation = 0.15f)
    {
        if (!(deviation > 0 && float.IsFinite(deviation)))
        {
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "Expected a deviation above 0.");
        }

        _head = Add("head", new Linear(features, 2));
        _deviation = deviation;
    }

    /// <summary>MACs of a decision for one sample.</summary>
    public long DecisionMacs => _head.Weight.Shape.Count;

    /// <summary>Decides where to look.</summary>
    /// <param name="context">The context.</param>
    /// <param name="hidden">h, [N, features].</param>
    /// <param name="image">The image's shape, of whose pixels the decision tells the one at the place.</param>
    /// <param name="step">Which decision about a sample this is.</param>
    /// <param name="place">x and y from −1 to 1, [N, 2].</param>
    /// <returns>A row for each sample over the image's pixels, with one index; log π of the place while training.</returns>
    public Decision Decide(Context context, Tensor hidden, Shape image, int step, out Tensor place)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor seen = context.Records(hidden) ? context.ScaleGradient(hidden, 0) : hidden;
        Tensor mean = context.Tanh(_head.Forward(context, seen));
        place = scope.Keep(context.Workspace.RentCopy(mean.Shape, mean.Span));
        Tensor chance = default;
        if (context.Decisions != Engine.Execution.Decisions.Hard)
        {
            RandomStream noise = context.NoiseOf(this, step);
            for (int i = 0; i < place.Count; i++)
            {
                place.Span[i] += _deviation * noise.Normal(context.Step, context.SampleOf(i / 2), i % 2);
            }

            // Of the place as it was drawn; one beyond the border is looked at from the border.
            Tensor drawn = context.Workspace.RentCopy(place.Shape, place.Span);
            chance = scope.Keep(context.Scale(context.SumOfSquares(context.Subtract(mean, drawn), 1), -0.5f / (_deviation * _deviation)));
            foreach (ref float value in place.Span)
            {
                value = Math.Clamp(value, -1, 1);
            }
        }

        return new Decision(scope.Keep(PixelsAt(context, place, image[1], image[2])), default, chance);
    }

    private static Selection PixelsAt(Context context, Tensor place, int height, int width)
    {
        int samples = place.Shape[0];
        Span<int> tops = samples <= MostOnStack ? stackalloc int[MostOnStack] : new int[samples];
        Span<int> lefts = samples <= MostOnStack ? stackalloc int[MostOnStack] : new int[samples];
        for (int n = 0; n < samples; n++)
        {
            lefts[n] = Math.Clamp((int)(0.5f * (place.Span[2 * n] + 1) * width), 0, width - 1);
            tops[n] = Math.Clamp((int)(0.5f * (place.Span[(2 * n) + 1] + 1) * height), 0, height - 1);
        }

        return context.Workspace.SelectWindows(height, width, tops[..samples], lefts[..samples], 1, 1);
    }
}
