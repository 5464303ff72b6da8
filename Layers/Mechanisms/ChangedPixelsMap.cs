using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// A feature map that is kept from one frame to the next, with the pixels that the last frame changed: what a layer behind it must compute anew follows
/// from them. Its memory is its own.
/// </summary>
public sealed class ChangedPixelsMap
{
    private bool _isFilled;

    /// <summary>Makes an empty map.</summary>
    /// <param name="shape">[N, H, W, C].</param>
    public ChangedPixelsMap(Shape shape) => Values = Tensor.Zeros(shape);

    /// <summary>The map, [N, H, W, C].</summary>
    public Tensor Values { get; }

    /// <summary>The pixels that the last frame changed, a row for each sample; it lives as long as the scope of that frame.</summary>
    public Selection Changed { get; private set; }

    /// <summary>The number of pixels that the last frame changed.</summary>
    public int ChangedCount { get; private set; }

    /// <summary>Forgets the frames so far: the next one changes everything.</summary>
    public void Reset() => _isFilled = false;

    /// <summary>Takes a frame's map over.</summary>
    /// <param name="context">The context.</param>
    /// <param name="current">The map, of the same shape.</param>
    /// <param name="threshold">0: pixels with other bits change; else those of which an element differs by more.</param>
    public void Take(Context context, Tensor current, float threshold) => Take(context, current, Selection.All(Values.Shape[0], Values.Shape[1] * Values.Shape[2]), threshold);

    /// <summary>Takes some pixels of a frame's map over; the others are what they were.</summary>
    /// <param name="context">The context.</param>
    /// <param name="compact">[selected in all, C].</param>
    /// <param name="pixels">A row for each sample over the pixels.</param>
    /// <param name="threshold">0: pixels with other bits change; else those of which an element differs by more.</param>
    public void Take(Context context, Tensor compact, Selection pixels, float threshold)
    {
        if (_isFilled)
        {
            Changed = context.TakeChanges(Values, compact, pixels, threshold);
        }
        else
        {
            compact.Span.CopyTo(Values.Span);
            Changed = Selection.All(Values.Shape[0], Values.Shape[1] * Values.Shape[2]);
            _isFilled = true;
        }

        ChangedCount = Changed.Count;
    }
}
