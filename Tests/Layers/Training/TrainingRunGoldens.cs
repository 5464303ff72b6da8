using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Training;
using ManagedDyn.Layers.Training.Objectives;
using ManagedDyn.Layers.Training.Optimizers;
using ManagedDyn.Layers.Training.Schedules;
using ManagedDyn.Tests.Goldens;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>Runs whole short trainings with the trainer and compares the loss of every step and the final weights.</summary>
public static class TrainingRunGoldens
{
    private const int Classes = 10;

    public static void Run(GoldenCase golden)
    {
        FormulaNetwork network = new(new Shape(8, 8, 1), Classes, golden.Name == "early_exit_sgd" ? 2 : 1, TrainingRunNetworks.Find(golden));
        foreach (string name in golden.TensorNames)
        {
            if (name.StartsWith("in.init.", StringComparison.Ordinal))
            {
                network.Add(name["in.init.".Length..], golden.Input(name["in.".Length..]));
            }
        }

        float decay = golden.Real("weight_decay", 0);
        Optimizer optimizer = golden.Text("optimizer") switch
        {
            "SGD" => new Sgd(network, golden.Real("momentum", 0), decay),
            "Adam" => new AdamW(network, golden.Real("beta1"), golden.Real("beta2"), golden.Real("eps"), decay, isDecoupled: false),
            _ => new AdamW(network, golden.Real("beta1"), golden.Real("beta2"), golden.Real("eps"), decay),
        };
        float[] weights = golden.HasParameter("exit_loss_weights") ? golden.Reals("exit_loss_weights") : [];
        PenaltyObjective objective = new(network, new MultiExitObjective(weights));
        RowSource source = new(golden.Input("x"), golden.IntegerInput("labels").Values, golden.Integer("batch"), golden.Integer("steps"));
        Trainer trainer = new(network, objective, optimizer, new ConstantSchedule(golden.Real("lr")), source, null, new TrainerOptions { Epochs = 1 });
        List<float> losses = [];
        trainer.Run(progress => losses.Add(progress.BatchLoss), TestContext.Current.CancellationToken);
        golden.Check("out.loss", losses.ToArray());
        foreach ((string path, var parameter) in network.NamedParameters())
        {
            golden.Check("out.final." + path, parameter.Value);
        }
    }

    private sealed class PenaltyObjective(FormulaNetwork network, MultiExitObjective inner) : Objective
    {
        public override string Description => inner.Description;

        public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
        {
            Tensor loss = inner.Compute(context, logits, labels, exitLosses);
            return network.Penalty.Exists ? context.Add(loss, network.Penalty) : loss;
        }
    }

    /// <summary>Step s takes the rows (s·batch + j) mod count.</summary>
    private sealed class RowSource(Tensor rows, long[] classes, int batchSize, int steps) : IBatchSource
    {
        // One channel, so that NCHW and NHWC are the same.
        public Shape SampleShape => new(rows.Shape[2], rows.Shape[3], 1);

        public int ClassCount => Classes;

        public int BatchCount => steps;

        public int CountOf(int batch) => batchSize;

        public void Fill(long epoch, int batch, Span<float> samples, Span<int> labels, Span<int> sampleIds = default)
        {
            for (int j = 0; j < batchSize; j++)
            {
                int row = ((batch * batchSize) + j) % rows.Shape[0];
                rows.Rows(row, 1).Span.CopyTo(samples.Slice(j * SampleShape.Count, SampleShape.Count));
                labels[j] = (int)classes[row];
            }
        }
    }
}
