using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Decisions.Confidence;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Inference.Calibration;
using Xunit;

namespace ManagedDyn.Tests.Laws;

/// <summary>What calibration promises, the session keeps: for every network of <see cref="StagedNetworks"/>.</summary>
public sealed class CalibrationLawTests
{
    private const int Samples = 60;

    public static TheoryData<string> Names() => StagedNetworks.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public void A_session_takes_exactly_the_exits_that_were_simulated(string name)
    {
        Model plain = StagedNetworks.Model(name);
        (float[] inputs, int[] labels) = Data(plain);
        ExitLogits logits = ExitLogits.Collect(plain, inputs, labels, new SessionOptions { ChunkSamples = 7 });
        bool early = false;
        foreach (ConfidenceCriterion criterion in ConfidenceCriteria.All)
        {
            if (criterion is LearnedExit && !plain.Network.HasExitGates)
            {
                continue;
            }

            Model model = Calibrator.Calibrate(plain.With(plain.Description with { Criterion = criterion }), logits, new CalibrationOptions { Drops = [0.003, 0.1], MacsShares = [0.4, 0.8] });
            ExitScores scores = new(logits, model);
            Session session = new(model);
            Prediction[] predictions = new Prediction[Samples];
            foreach (OperatingPoint point in model.Points)
            {
                ThresholdOutcome simulated = scores.Simulate(point.Thresholds);
                session.PredictBatch(inputs, Samples, Budget.AtPoint(point.Name), predictions);
                double macs = 0;
                int right = 0;
                for (int i = 0; i < Samples; i++)
                {
                    Assert.Equal(simulated.ExitOfSample[i], predictions[i].ExitIndex);
                    Assert.Equal(scores.Predicted(predictions[i].ExitIndex)[i], predictions[i].Label);
                    Assert.Equal(scores.Confidences(predictions[i].ExitIndex)[i], predictions[i].Confidence);
                    macs += predictions[i].MacsExecuted;
                    right += predictions[i].Label == labels[i] ? 1 : 0;
                    early |= predictions[i].ExitIndex < model.ExitCount - 1;
                }

                Assert.Equal(point.ExpectedMacs, macs / Samples, 1e-6);
                Assert.Equal(point.ExpectedAccuracy, (double)right / Samples, 1e-12);
                Assert.True(point.MacsBudget == 0 || point.ExpectedMacs <= point.MacsBudget);
            }
        }

        Assert.True(early || plain.ExitCount == 1);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_curve_has_a_point_for_each_exit_and_measured_times(string name)
    {
        Model model = StagedNetworks.Model(name);
        (float[] inputs, int[] labels) = Data(model);
        ExitLogits logits = ExitLogits.Collect(model, inputs, labels);
        model = Calibrator.Calibrate(model, logits);
        ExitScores scores = new(logits, model);
        AccuracyComputeCurve curve = AccuracyComputeCurve.Draw(scores, new ThresholdSolver(scores), model.Points).MeasureTime(new Session(model), inputs, 32, 1, TestContext.Current.CancellationToken);
        Assert.Equal(model.ExitCount, curve.Exits.Count);
        for (int exit = 0; exit < model.ExitCount; exit++)
        {
            Assert.Equal(scores.Accuracy(exit), curve.Exits[exit].Accuracy, 1e-12);
            Assert.Equal(scores.MeanMacs(exit), curve.Exits[exit].MeanMacs, 1e-6);
            Assert.Equal(1.0, curve.Exits[exit].ExitShares[exit]);
            Assert.True(curve.Exits[exit].MeanTime > TimeSpan.Zero);
        }

        Assert.Equal(model.Points.Length, curve.Points.Count);
        Assert.NotEmpty(curve.Dynamic);
    }

    // Labels are what the last exit says of nearly the same input, so that it is mostly right.
    private static (float[] Inputs, int[] Labels) Data(Model model)
    {
        float[] inputs = new float[Samples * model.SampleShape.Count];
        RandomSource random = new(21);
        random.Stream("inputs").FillNormal(inputs, 0, 0);
        float[] near = [.. inputs];
        for (int i = 0; i < near.Length; i++)
        {
            near[i] += 0.2f * random.Stream("near").Normal(0, 0, i);
        }

        Prediction[] predictions = new Prediction[Samples];
        new Session(model).PredictBatch(near, Samples, Budget.Full, predictions);
        return (inputs, Array.ConvertAll(predictions, static prediction => prediction.Label));
    }
}
