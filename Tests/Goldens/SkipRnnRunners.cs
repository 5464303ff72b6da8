using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;
using ManagedDyn.Tests.TestKit;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Runs the Skip RNN over its golden vectors: one update with a given gate, and whole sequences [T, N, …].</summary>
internal static class SkipRnnRunners
{
    public static void Run(GoldenCase golden)
    {
        if (golden.HasInput("u"))
        {
            Gate(golden);
        }
        else
        {
            Sequence(golden);
        }
    }

    private static void Gate(GoldenCase golden)
    {
        Context context = new() { Accuracy = Accuracy.Exact };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Dictionary<string, Tensor> inputs = [];
        Tensor Input(string name)
        {
            Tensor tensor = golden.Input(name);
            Tape.Watch(tensor);
            inputs.Add(name, tensor);
            return tensor;
        }

        Tensor update = Input("u");
        Tensor state = context.Blend(update, Input("cand"), Input("s_prev"));
        Tensor increment = context.Sigmoid(context.Linear(state, Input("w_u"), Input("b_u"))).Reshape(update.Shape);
        Tensor next = SkipUpdate.Next(context, update, Input("u_tilde"), increment);
        golden.Check("out.s", state);
        golden.Check("out.u_tilde_next", next);
        Backward(golden, context, tape, [state, next], ["s", "u_tilde_next"]);
        foreach ((string name, Tensor input) in inputs)
        {
            if (golden.HasGradient(name))
            {
                golden.Check("grad." + name, Tape.GradientOf(input));
            }
        }
    }

    private static void Sequence(GoldenCase golden)
    {
        bool isLstm = golden.HasInput("c0");
        Shape weight = golden.Input("w_ih").Shape;
        int units = golden.Input("w_hh").Shape[1];
        RecurrentKind kind = (weight[0] / units) switch { 4 => RecurrentKind.Lstm, 3 => RecurrentKind.Gru, _ => RecurrentKind.Tanh };
        SkipRnn layer = new(kind, weight[1], units, bias: golden.HasInput("b_ih"));
        Dictionary<string, string> names = new()
        {
            ["weight_ih"] = "w_ih",
            ["weight_hh"] = "w_hh",
            ["bias_ih"] = "b_ih",
            ["bias_hh"] = "b_hh",
            ["update.weight"] = "w_u",
            ["update.bias"] = "b_u",
        };
        foreach ((string path, Parameter parameter) in layer.NamedParameters())
        {
            golden.Input(names[path]).Span.CopyTo(parameter.Value.Span);
        }

        Context context = new() { Accuracy = Accuracy.Exact, Decisions = Decisions.Relaxed };
        float[] recorded;
        using (Tape tape = new(context.Workspace))
        {
            context.Tape = tape;
            Tensor x = golden.Input("x"), h = golden.Input("h0"), c = isLstm ? golden.Input("c0") : default;
            Tape.Watch(x);
            Tape.Watch(h);
            if (isLstm)
            {
                Tape.Watch(c);
            }

            Tensor initial = isLstm ? context.Concat(1, h, c) : h;
            Tensor output = context.Transpose(layer.Forward(context, context.Transpose(x, 0, 1), default, initial, out _, out Tensor updates), 0, 1);
            Tensor choices = context.Transpose(updates, 0, 1);
            recorded = output.ToArray();
            golden.Check("out.h", output);
            golden.Check("out.updates", choices);
            Backward(golden, context, tape, [output, choices], ["h", "updates"]);
            golden.Check("grad.x", Tape.GradientOf(x));
            golden.Check("grad.h0", Tape.GradientOf(h));
            if (isLstm)
            {
                golden.Check("grad.c0", Tape.GradientOf(c));
            }

            foreach ((string path, Parameter parameter) in layer.NamedParameters())
            {
                golden.Check("grad." + names[path], parameter.Gradient.Span);
            }
        }

        layer.Freeze(Limits.Default);
        Context plain = new() { Accuracy = Accuracy.Exact };
        Tensor start = isLstm ? plain.Concat(1, golden.Input("h0"), golden.Input("c0")) : golden.Input("h0");
        Tensor found = plain.Transpose(layer.Forward(plain, plain.Transpose(golden.Input("x"), 0, 1), default, start, out _, out _), 0, 1);
        GradientCheck.SameBits(recorded, found.ToArray(), $"{golden} with hard decisions");
    }

    private static void Backward(GoldenCase golden, Context context, Tape tape, Tensor[] outputs, string[] names)
    {
        List<Tensor> flat = [];
        List<float> weights = [];
        for (int i = 0; i < outputs.Length; i++)
        {
            flat.Add(outputs[i].Reshape(new Shape(outputs[i].Count)));
            weights.AddRange(golden.CoVector(names[i]).ToArray());
        }

        tape.Backward(context.Concat(0, flat.ToArray()), weights.ToArray());
    }
}
