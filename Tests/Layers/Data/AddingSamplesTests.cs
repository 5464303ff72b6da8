using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Data;
using Xunit;

namespace ManagedDyn.Tests.Layers.Data;

public sealed class AddingSamplesTests
{
    [Fact]
    public void What_is_read_stays_and_training_draws_new_sequences()
    {
        ReadySplits data = Assert.IsType<ReadySplits>(Datasets.OpenAny(Datasets.Adding, new DatasetOptions { BuiltInTrainingCount = 30, BuiltInTestCount = 8 }));
        Assert.True(data.Samples.AreLevels);
        Assert.Equal((30, 4, 8), (data.TrainingCount, data.ValidationCount, data.TestCount));
        SampleSet training = data.Samples.Training;
        float[] first = new float[training.SampleShape.Count];
        float[] again = new float[first.Length];
        float[] later = new float[first.Length];
        training.Read(7, first);
        Assert.Equal(training.Label(7), training.Draw(0, 7, again));
        Assert.Equal(first, again);
        training.Draw(1, 7, later);
        Assert.NotEqual(first, later);
        data.Samples.Test.Read(7, later);
        Assert.NotEqual(first, later);
        Assert.Equal(Sum(first), LevelOf(training.Label(7)), 0.011f);
        int[] ids = new int[30];
        training.Batches(30, new RandomSource(1)).Fill(2, 0, new float[30 * first.Length], new int[30], ids);
        Assert.NotEqual(0, ids[0] + ids[1]);
        Assert.Equal(101, data.ClassNames.Count);
        Assert.Equal("-1.00", data.ClassNames[0]);
    }

    private static float LevelOf(int label) => ((2f * label) / 100) - 1;

    private static float Sum(float[] sequence)
    {
        float sum = 0;
        for (int t = 0; t < sequence.Length; t += 2)
        {
            sum += sequence[t] * sequence[t + 1];
        }

        return sum;
    }
}
