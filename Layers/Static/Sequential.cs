using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>Layers one after another: y = f_n(… f_2(f_1(x))). Children are named "0", "1", … as PyTorch does.</summary>
public sealed class Sequential : Layer
{
    private readonly Layer[] _layers;

    /// <summary>Makes a sequence.</summary>
    /// <param name="layers">The layers, first to last; none is the identity.</param>
    public Sequential(params ReadOnlySpan<Layer> layers)
    {
        _layers = layers.ToArray();
        for (int i = 0; i < _layers.Length; i++)
        {
            Add(i.ToString(CultureInfo.InvariantCulture), _layers[i]);
        }
    }

    /// <summary>The number of layers.</summary>
    public int Count => _layers.Length;

    /// <summary>One of the layers.</summary>
    /// <param name="index">From 0.</param>
    public Layer this[int index] => _layers[index];

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input)
    {
        foreach (Layer layer in _layers)
        {
            input = layer.OutputShape(input);
        }

        return input;
    }

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        long macs = 0;
        foreach (Layer layer in _layers)
        {
            macs += layer.CountMacs(input);
            input = layer.OutputShape(input);
        }

        return macs;
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        Tensor current = input;
        foreach (Layer layer in _layers)
        {
            Tensor next;
            using (WorkspaceScope scope = context.Workspace.Enter())
            {
                next = scope.Keep(layer.Forward(context, current));
            }

            // What only this sequence has seen is given back at once, so that no more than two layers' results live at a time.
            if (!current.SharesMemoryWith(input) && !current.SharesMemoryWith(next))
            {
                context.Workspace.Recycle(current);
            }

            current = next;
        }

        return current;
    }
}
