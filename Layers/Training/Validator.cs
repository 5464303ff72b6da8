using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Training.Objectives;

namespace ManagedDyn.Layers.Training;

/// <summary>Runs all exits of a network over a data set with frozen statistics and hard decisions.</summary>
internal static class Validator
{
    public static ExitMeasures Measure(Context context, StagedNetwork network, IBatchSource source)
    {
        Mode mode = context.Mode;
        Engine.Execution.Decisions decisions = context.Decisions;
        DecisionLedger? ledger = context.Ledger;
        context.Mode = Mode.Evaluate;
        context.Ledger = null;
        context.Decisions = Engine.Execution.Decisions.Hard;
        try
        {
            StageState state = network.CreateState();
            ExitStatistics statistics = new(network.StageCount, network.Answers);
            Tensor[] logits = new Tensor[network.StageCount];
            float[] losses = new float[network.StageCount];
            for (int batch = 0; batch < source.BatchCount; batch++)
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                int count = source.CountOf(batch);
                int[] labels = new int[count * source.TargetCount];
                Tensor samples = context.Workspace.Rent(network.BatchShape(count));
                source.Fill(0, batch, samples.Span, labels);
                network.Start(context, samples, state);
                for (int exit = 0; exit < logits.Length; exit++)
                {
                    logits[exit] = network.Advance(context, state);
                    Tensor loss = network.Answers == AnswerKind.Picture ? PictureError.Of(context, logits[exit], labels) : context.CrossEntropy(logits[exit], labels);
                    losses[exit] = loss.Span[0];
                }

                statistics.Add(losses[^1], losses, logits, labels);
            }

            return statistics.Measure();
        }
        finally
        {
            context.Mode = mode;
            context.Decisions = decisions;
            context.Ledger = ledger;
        }
    }
}
