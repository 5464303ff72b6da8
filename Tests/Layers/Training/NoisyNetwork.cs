using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>
/// Two stages of y = tanh(W·x + b) with an exit each, plus noise while training and a running mean as state: all that a checkpoint must carry.
/// </summary>
public sealed class NoisyNetwork : StagedNetwork
{
    private const int Width = 9;
    private readonly Parameter[] _weights = new Parameter[4];
    private readonly Parameter[] _biases = new Parameter[4];
    private readonly Parameter _running;

    public NoisyNetwork(int inputs, int classes, ulong seed)
    {
        SampleShape = new Shape(inputs);
        ClassCount = classes;
        int[] ins = [inputs, Width, Width, Width];
        int[] outs = [Width, classes, Width, classes];
        string[] names = ["hidden0", "exit0", "hidden1", "exit1"];
        for (int i = 0; i < names.Length; i++)
        {
            _weights[i] = AddParameter(names[i] + "_weight", new Shape(outs[i], ins[i]));
            _biases[i] = AddParameter(names[i] + "_bias", new Shape(outs[i]), decays: false);
            new RandomSource(seed).Stream(names[i]).FillNormal(_weights[i].Value.Span, 0, 0);
            foreach (ref float value in _weights[i].Value.Span)
            {
                value *= 0.4f;
            }
        }

        _running = AddParameter("running_mean", new Shape(inputs), isTrainable: false);
    }

    public override int StageCount => 2;

    public override int ClassCount { get; }

    public override Shape SampleShape { get; }

    public override long StageMacs(int stage) => (stage == 0 ? SampleShape.Count : Width) * Width + (Width * ClassCount);

    public override StageState CreateState() => new(1);

    protected override void OnStart(Context context, Tensor input, StageState state)
    {
        int inputs = SampleShape.Count;
        Tensor moved = context.Workspace.Rent(input.Shape);
        for (int row = 0; row < state.Rows; row++)
        {
            for (int i = 0; i < inputs; i++)
            {
                float value = input.Span[(row * inputs) + i];
                if (context.Mode == Mode.Train)
                {
                    _running.Value.Span[i] += 0.01f * (value - _running.Value.Span[i]);
                    value += 0.1f * context.Random.Stream("tiny").Normal(context.Step, context.SampleOf(row), i);
                }

                moved.Span[(row * inputs) + i] = value - _running.Value.Span[i];
            }
        }

        state.Set(context, 0, moved);
    }

    protected override Tensor OnAdvance(Context context, StageState state, int stage)
    {
        state.Set(context, 0, Affine(context, state[0], 2 * stage, isHidden: true));
        return Affine(context, state[0], (2 * stage) + 1, isHidden: false);
    }

    private Tensor Affine(Context context, Tensor input, int index, bool isHidden)
    {
        Tensor weight = _weights[index].Value;
        Tensor bias = _biases[index].Value;
        int rows = input.Shape[0];
        int ins = weight.Shape[1];
        int outs = weight.Shape[0];
        Tensor output = context.Workspace.Rent(new Shape(rows, outs));
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < outs; o++)
            {
                float sum = bias.Span[o];
                for (int i = 0; i < ins; i++)
                {
                    sum += weight.Span[(o * ins) + i] * input.Span[(row * ins) + i];
                }

                output.Span[(row * outs) + o] = isHidden ? MathF.Tanh(sum) : sum;
            }
        }

        if (context.Tape is not null)
        {
            context.Tape.Record(new Entry(input, weight, bias, output, isHidden));
        }

        return output;
    }

    private sealed class Entry(Tensor input, Tensor weight, Tensor bias, Tensor output, bool isHidden) : TapeEntry(output)
    {
        private readonly Tensor _output = output;

        public override void Backward(Gradients gradients)
        {
            int rows = input.Shape[0];
            int ins = weight.Shape[1];
            int outs = weight.Shape[0];
            Span<float> outer = gradients.Of(_output).Span;
            Span<float> toWeight = Into(gradients, weight);
            Span<float> toBias = Into(gradients, bias);
            Span<float> toInput = Gradients.Flows(input) ? Into(gradients, input) : default;

            for (int row = 0; row < rows; row++)
            {
                for (int o = 0; o < outs; o++)
                {
                    float value = _output.Span[(row * outs) + o];
                    float gradient = outer[(row * outs) + o] * (isHidden ? 1 - (value * value) : 1);
                    toBias[o] += gradient;
                    for (int i = 0; i < ins; i++)
                    {
                        toWeight[(o * ins) + i] += gradient * input.Span[(row * ins) + i];
                        if (!toInput.IsEmpty)
                        {
                            toInput[(row * ins) + i] += gradient * weight.Span[(o * ins) + i];
                        }
                    }
                }
            }
        }

        private static Span<float> Into(Gradients gradients, Tensor tensor)
        {
            Span<float> target = gradients.Into(tensor, out bool accumulate).Span;
            if (!accumulate)
            {
                target.Clear();
            }

            return target;
        }
    }
}
