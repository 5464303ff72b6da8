using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>A module that turns one tensor into another. The first dimension is the batch; samples do not see each other in Evaluate mode.</summary>
public abstract class Layer : Module
{
    /// <summary>Runs the layer.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">A batch, [N, …].</param>
    /// <returns>A batch of the shape that <see cref="OutputShape"/> tells.</returns>
    public Tensor Forward(Context context, Tensor input)
    {
        if (context.Meter is not { } meter)
        {
            return Run(context, input);
        }

        int outer = meter.Layer;
        meter.Layer = Number;
        Tensor output = Run(context, input);
        meter.Layer = outer;
        return output;
    }

    /// <summary>The shape of the output for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    /// <exception cref="System.ArgumentException">The layer cannot take such an input; the message says what it expects.</exception>
    public abstract Shape OutputShape(Shape input);

    /// <summary>The MACs of the dense computation for a shape of the input, batch included.</summary>
    /// <param name="input">The input's shape.</param>
    public abstract long CountMacs(Shape input);

    /// <summary>Computes the output.</summary>
    /// <param name="context">The context.</param>
    /// <param name="input">A batch, [N, …].</param>
    protected abstract Tensor Run(Context context, Tensor input);
}
