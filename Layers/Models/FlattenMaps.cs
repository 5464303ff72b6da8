using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>Maps [N, H, W, C] as features [N, C · H · W], in the order of weights from elsewhere.</summary>
internal sealed class FlattenMaps : Layer
{
    public override Shape OutputShape(Shape input) => new(input[0], input.ProductFrom(1));

    public override long CountMacs(Shape input) => 0;

    protected override Tensor Run(Context context, Tensor input) => context.Flatten(input);
}
