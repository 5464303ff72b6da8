using System;
using System.Text.Json;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Models;

namespace ManagedDyn.Tests.TestKit;

/// <summary>A staged network of plain loops: each stage is h = relu(W h + b) and answers with a linear head.</summary>
public sealed class TinyNetwork : StagedNetwork
{
    private readonly Parameter[] _weights;
    private readonly Parameter[] _heads;

    public TinyNetwork(int stages, int classes, int width, Shape sampleShape, ulong seed = 1)
    {
        StageCount = stages;
        ClassCount = classes;
        Width = width;
        SampleShape = sampleShape;
        RandomStream random = new RandomSource(seed).Stream("tiny");
        _weights = new Parameter[stages];
        _heads = new Parameter[stages];
        for (int stage = 0; stage < stages; stage++)
        {
            int inputs = stage == 0 ? sampleShape.Count : width;
            _weights[stage] = AddParameter($"weight{stage}", new Shape(width, inputs));
            _heads[stage] = AddParameter($"head{stage}", new Shape(classes, width));
            random.FillNormal(_weights[stage].Value.Span, stage, 0);
            random.FillNormal(_heads[stage].Value.Span, stage, 1);
            Scale(_weights[stage].Value.Span, MathF.Sqrt(2f / inputs));
        }
    }

    public int Width { get; }

    /// <summary>How long each stage waits, to make time visible.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Runs before each stage.</summary>
    public Action<int>? OnStage { get; set; }

    public override int StageCount { get; }

    public override int ClassCount { get; }

    public override Shape SampleShape { get; }

    public override long StageMacs(int stage) => ((long)Width * (stage == 0 ? SampleShape.Count : Width)) + ((long)ClassCount * Width);

    public override StageState CreateState() => new(1);

    protected override void OnStart(Context context, Tensor input, StageState state) =>
        state.Set(context, 0, input.Reshape(new Shape(input.Shape[0], SampleShape.Count)));

    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        OnStage?.Invoke(stage);
        if (Delay > TimeSpan.Zero)
        {
            long until = System.Diagnostics.Stopwatch.GetTimestamp() + (long)(Delay.TotalSeconds * System.Diagnostics.Stopwatch.Frequency);
            while (System.Diagnostics.Stopwatch.GetTimestamp() < until)
            {
            }
        }

        Tensor features = Linear(context, state[0], _weights[stage].Value);
        foreach (ref float value in features.Span)
        {
            value = MathF.Max(0f, value);
        }

        state.Set(context, 0, features);
        return Linear(context, features, _heads[stage].Value);
    }

    private static Tensor Linear(Context context, Tensor input, Tensor weight)
    {
        int rows = input.Shape[0];
        int inputs = weight.Shape[1];
        int outputs = weight.Shape[0];
        Tensor output = context.Workspace.Rent(new Shape(rows, outputs));
        ReadOnlySpan<float> x = input.Span;
        ReadOnlySpan<float> w = weight.Span;
        Span<float> y = output.Span;
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < outputs; o++)
            {
                float sum = 0f;
                for (int i = 0; i < inputs; i++)
                {
                    sum += x[(row * inputs) + i] * w[(o * inputs) + i];
                }

                y[(row * outputs) + o] = sum;
            }
        }

        context.Count(rows, (long)inputs * outputs, (long)inputs * outputs);
        return output;
    }

    private static void Scale(Span<float> values, float factor)
    {
        foreach (ref float value in values)
        {
            value *= factor;
        }
    }

    public sealed class Architecture : ModelArchitecture
    {
        public override string Name => "tiny";

        public override bool Describes(StagedNetwork network) => network is TinyNetwork;

        public override StagedNetwork Create(JsonElement options)
        {
            OptionsReader reader = new(options, "options of tiny");
            int stages = reader.Integer("stages", 1, 64);
            int classes = reader.Integer("classes", 2, 1000);
            int width = reader.Integer("width", 1, 4096);
            int[] shape = reader.Integers("shape", 3, 1, 4096);
            reader.Finish();
            return new TinyNetwork(stages, classes, width, new Shape(shape));
        }

        public override void WriteOptions(Utf8JsonWriter writer, StagedNetwork network)
        {
            TinyNetwork tiny = (TinyNetwork)network;
            writer.WriteStartObject();
            writer.WriteNumber("stages", tiny.StageCount);
            writer.WriteNumber("classes", tiny.ClassCount);
            writer.WriteNumber("width", tiny.Width);
            writer.WriteStartArray("shape");
            for (int i = 0; i < tiny.SampleShape.Rank; i++)
            {
                writer.WriteNumberValue(tiny.SampleShape[i]);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }
    }
}
