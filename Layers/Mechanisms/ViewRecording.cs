using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Mechanisms;

/// <summary>
/// Tells the ledger what a layer looks at, for whoever explains an answer. Nothing is trained by it, so it is told only where choices are kept and costs nothing
/// elsewhere.
/// </summary>
internal static class ViewRecording
{
    /// <summary>Room for the views of a batch, [samples, views, 6]; none unless the ledger keeps choices.</summary>
    public static Tensor RentViews(this Context context, int samples, int views) =>
        context.Ledger is { KeepsChoices: true } ? context.Workspace.Rent(new Shape(samples, views, ImageView.Values)) : default;

    /// <summary>Writes a view.</summary>
    /// <param name="views">What <see cref="RentViews"/> gave.</param>
    /// <param name="index">The view's number, through all samples.</param>
    /// <param name="view">The view.</param>
    public static void SetView(this Tensor views, int index, in ImageView view)
    {
        Span<float> v = views.Span.Slice(index * ImageView.Values, ImageView.Values);
        (v[0], v[1], v[2], v[3], v[4], v[5]) = (view.Top, view.Left, view.Height, view.Width, view.Rows, view.Columns);
    }

    /// <summary>Records views that were not chosen among others; does nothing where there are none.</summary>
    public static void RecordViews(this Context context, int layer, DecisionKind kind, Tensor views, long macs)
    {
        if (views.Exists)
        {
            context.Record(new DecisionRecord { Layer = layer, Kind = kind, Rows = views.Shape[0], Views = views, UnitMacs = macs });
        }
    }

    /// <summary>Records that the whole image is seen at a size; does nothing unless the ledger keeps choices.</summary>
    public static void RecordSize(this Context context, int layer, int samples, int height, int width, long macs)
    {
        Tensor views = context.RentViews(samples, 1);
        for (int n = 0; views.Exists && n < samples; n++)
        {
            views.SetView(n, new ImageView(0, 0, 1, 1, height, width));
        }

        context.RecordViews(layer, DecisionKind.Resolutions, views, macs);
    }
}
