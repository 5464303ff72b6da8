using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Goldens;
using Xunit;

namespace ManagedDyn.Tests.Operators;

/// <summary>Runs the golden cases of LSTM and GRU: stacked layers in one or both directions, sequences [T, N, …] in the file.</summary>
internal static class RecurrentGoldens
{
    public static void Lstm(GoldenCase golden) => Run(golden, isLstm: true);

    public static void Gru(GoldenCase golden) => Run(golden, isLstm: false);

    private static void Run(GoldenCase golden, bool isLstm)
    {
        // The same bits with and without a tape, whose paths differ.
        float[] recorded = Once(golden, isLstm, records: true);
        float[] plain = Once(golden, isLstm, records: false);
        Assert.Equal(recorded, plain);
    }

    private static float[] Once(GoldenCase golden, bool isLstm, bool records)
    {
        Context context = new();
        using Tape? tape = records ? new Tape(context.Workspace) : null;
        context.Tape = tape;
        Dictionary<string, Tensor> inputs = [];
        Tensor Input(string name)
        {
            if (!golden.HasInput(name))
            {
                return default;
            }

            if (!inputs.TryGetValue(name, out Tensor tensor))
            {
                tensor = golden.Input(name);
                if (records)
                {
                    Tape.Watch(tensor);
                }

                inputs.Add(name, tensor);
            }

            return tensor;
        }

        int layers = golden.Integer("layers");
        int directions = golden.Flag("bidirectional") ? 2 : 1;
        Tensor sequence = context.Transpose(Input("x"), 0, 1);
        List<Tensor> hidden = [], cells = [];
        for (int layer = 0; layer < layers; layer++)
        {
            Tensor[] outputs = new Tensor[directions];
            for (int direction = 0; direction < directions; direction++)
            {
                string suffix = $"_l{layer}{(direction == 1 ? "_reverse" : string.Empty)}";
                int row = (layer * directions) + direction;
                Tensor first = State(Input("h0"), row);
                Tensor w = Input("weight_ih" + suffix), u = Input("weight_hh" + suffix), b = Input("bias_ih" + suffix), d = Input("bias_hh" + suffix);
                Tensor last;
                if (isLstm)
                {
                    outputs[direction] = context.Lstm(sequence, first, State(Input("c0"), row), w, u, b, d, out last, out Tensor cell, direction == 1);
                    cells.Add(cell.Reshape(new Shape(1, cell.Shape[0], cell.Shape[1])));
                }
                else
                {
                    outputs[direction] = context.Gru(sequence, first, w, u, b, d, out last, direction == 1);
                }

                hidden.Add(last.Reshape(new Shape(1, last.Shape[0], last.Shape[1])));
            }

            sequence = context.Concat(-1, outputs);
        }

        Tensor y = context.Transpose(sequence, 0, 1);
        if (tape is null)
        {
            return y.ToArray();
        }

        Tensor states = context.Concat(0, hidden.ToArray());
        Tensor ends = isLstm ? context.Concat(0, cells.ToArray()) : default;
        golden.Check("out.y", y);
        golden.Check("out.h_n", states);
        List<Tensor> results = [Flat(y), Flat(states)];
        List<float> weights = [.. golden.CoVector("y").ToArray(), .. golden.CoVector("h_n").ToArray()];
        if (isLstm)
        {
            golden.Check("out.c_n", ends);
            results.Add(Flat(ends));
            weights.AddRange(golden.CoVector("c_n").ToArray());
        }

        tape.Backward(context.Concat(0, results.ToArray()), weights.ToArray());
        foreach ((string name, Tensor input) in inputs)
        {
            golden.Check("grad." + name, Tape.GradientOf(input));
        }

        return y.ToArray();
    }

    private static Tensor Flat(Tensor tensor) => tensor.Reshape(new Shape(tensor.Count));

    private static Tensor State(Tensor states, int row) => states.Rows(row, 1).Reshape(new Shape(states.Shape[1], states.Shape[2]));
}
