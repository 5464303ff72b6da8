using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;

namespace ManagedDyn.Tests.Layers.SpatialWise;

/// <summary>Every second channel, for each sample: a rule whose choice is known.</summary>
internal sealed class SomeChannels(int channels) : DecisionRule
{
    public override Decision Decide(Context context, Tensor features)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor scores = context.Workspace.Rent(new Shape(features.Shape[0], channels));
        for (int i = 0; i < scores.Count; i++)
        {
            scores.Span[i] = i % channels % 2 == 0 ? 1 : 0;
        }

        Selection selected = context.Workspace.SelectAtLeast(features.Shape[0], channels, scores.Span, 0.5f);
        return new Decision(scope.Keep(selected), scope.Keep(scores));
    }

    public override long CountMacs(Shape features) => 0;
}
