using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Inference;
using ManagedDyn.Layers.Static;
using ManagedDyn.Tests.Laws;
using ManagedDyn.Tests.TestKit;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

/// <summary>The working memory of inference: how much it is, and that it is told beforehand.</summary>
public sealed class SessionMemoryTests
{
    private static readonly Shape Sample = new(3, 3, 2);

    [Fact]
    public void A_large_batch_takes_no_more_memory_than_a_chunk()
    {
        Session session = new(new Model(new TinyNetwork(4, 5, 12, Sample)));
        session.PredictBatch(Inputs(session.ChunkSamples * Sample.Count), session.ChunkSamples, Budget.Full, new Prediction[session.ChunkSamples]);
        long before = session.ReservedBytes;
        session.PredictBatch(Inputs(3001 * Sample.Count), 3001, Budget.Full, new Prediction[3001]);
        Assert.Equal(before, session.ReservedBytes);
    }

    [Theory]
    [InlineData("msdnet", 1)]
    [InlineData("msdnet", 40)]
    [InlineData("sparse resnet", 3)]
    [InlineData("sparse bottlenecks", 3)]
    public void The_memory_of_a_session_is_told_before_it_is_made(string name, int samples)
    {
        // What masks choose differs from the trial's, and with it the lists of it.
        bool isMasked = name.StartsWith("sparse", System.StringComparison.Ordinal);
        Model model = StagedNetworks.Model(name);
        long told = Session.RequiredBytes(model, samples);
        Session session = new(model);
        float[] inputs = Inputs(samples * model.SampleShape.Count);
        session.PredictBatch(inputs, samples, Budget.Full, new Prediction[samples]);
        Assert.InRange(session.ReservedBytes, told * (isMasked ? 3 : 4) / 4, told * (isMasked ? 5 : 4) / 4);
        session.PredictBatch(inputs, samples, Budget.Confidence(0.5f), new Prediction[samples]);
        Assert.InRange(session.ReservedBytes, isMasked ? told * 3 / 4 : told, told * 3 / 2);
    }

    [Fact]
    public void A_chain_of_layers_takes_about_the_memory_of_its_largest_pair()
    {
        const int Size = 48;
        const int Channels = 16;
        Layer[] layers = new Layer[12];
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = new Conv2d(i == 0 ? 3 : Channels, Channels, 3);
        }

        Sequential chain = new(layers);
        chain.Initialize(new RandomSource(1));
        chain.Freeze(Limits.Default);
        Context context = new() { Accuracy = Accuracy.Exact };
        using (context.Workspace.Enter())
        {
            chain.Forward(context, Tensor.Zeros(new Shape(1, Size, Size, 3)));
        }

        long pair = 2L * Size * Size * Channels * sizeof(float);
        Assert.InRange(context.Workspace.PeakBytes, pair, pair * 3 / 2);
    }

    private static float[] Inputs(int values)
    {
        float[] inputs = new float[values];
        new RandomSource(9).Stream("inputs").FillNormal(inputs, 0, 0);
        return inputs;
    }
}
