using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Mixtures of experts against golden vectors: the layer with fully connected experts and, where logits are given, a rule that repeats them.</summary>
internal static class MixtureRunners
{
    public static void TopK(GoldenCase golden)
    {
        int count = golden.Integer("k");
        Tensor logits = golden.Input("gate_logits");
        Tape.Watch(logits);
        Run(golden, new GivenRule(context =>
        {
            Selection kept = context.Workspace.SelectTop(logits.Shape[0], logits.Shape[1], logits.Span, count);
            Tensor gates = context.TopSoftmax(logits, kept);
            golden.Check("out.gates", gates);
            CheckOrder(golden, logits, kept);
            return new Decision(kept, gates);
        }));
        golden.Check("grad.gate_logits", Tape.GradientOf(logits));
    }

    public static void Switch(GoldenCase golden)
    {
        Tensor logits = golden.Input("gate_logits");
        Tape.Watch(logits);
        SwitchGate gate = new(1, golden.Integer("experts"), float.PositiveInfinity);
        Run(golden, new GivenRule(context =>
        {
            Decision decision = gate.DecideBy(context, logits);
            CheckOrder(golden, logits, decision.Selected);
            return decision;
        }), ("balance", "aux_loss"));
        golden.Check("grad.gate_logits", Tape.GradientOf(logits));
    }

    public static void NoisyTopK(GoldenCase golden)
    {
        Tensor weight = golden.Input("w_gate");
        NoisyTopKGate gate = new(weight.Shape[0], weight.Shape[1], golden.Integer("k"));
        List<KeyValuePair<string, Parameter>> parameters = gate.NamedParameters();
        Parameter ofGate = parameters.Find(pair => pair.Key == "gate.weight").Value;
        Parameter ofNoise = parameters.Find(pair => pair.Key == "noise.weight").Value;
        Transpose(weight, ofGate.Value.Span);
        Transpose(golden.Input("w_noise"), ofNoise.Value.Span);
        Tensor noise = golden.Input("noise");
        Run(golden, new GivenRule((context, input) =>
        {
            Decision decision = gate.Decide(context, input, noise);
            golden.Check("out.gates", decision.Scores);
            return decision;
        }), ("importance", "importance_loss"), ("load", "load_loss"));
        CheckTransposed(golden, "grad.w_gate", ofGate.Gradient);
        CheckTransposed(golden, "grad.w_noise", ofNoise.Gradient);
    }

    private static void Run(GoldenCase golden, DecisionRule rule, params (string Term, string Name)[] terms)
    {
        Tensor first = golden.Input("w1");
        Tensor second = golden.Input("w2");
        Layer[] experts = new Layer[first.Shape[0]];
        for (int e = 0; e < experts.Length; e++)
        {
            experts[e] = MixtureOfExperts.FullyConnected(first.Shape[2], first.Shape[1], second.Shape[1]);
            foreach ((string path, string name) in Names)
            {
                Parameter parameter = experts[e].NamedParameters().Find(pair => pair.Key == path).Value;
                golden.Input(name).Rows(e, 1).Span.CopyTo(parameter.Value.Span);
            }
        }

        MixtureOfExperts mixture = new(rule, isResidual: false, experts);
        using Workers workers = new(2);
        Context context = new(workers) { Decisions = ManagedDyn.Engine.Execution.Decisions.Relaxed, Ledger = new DecisionLedger() };
        Tensor input = golden.Input("x");
        Tape.Watch(input);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = mixture.Forward(context, input);
        golden.Check("out.y", output);
        Tensor loss = context.Sum(context.Multiply(output, golden.CoVector("y"))).Reshape(new Shape(1));
        foreach (LossTerm term in context.Ledger.Terms)
        {
            (string _, string name) = Array.Find(terms, pair => pair.Term == term.Name);
            golden.Check("out." + name, term.Value);
            loss = context.Add(loss, context.Multiply(term.Value, golden.CoVector(name)));
        }

        tape.Backward(loss);
        golden.Check("grad.x", Tape.GradientOf(input));
        foreach ((string path, string name) in Names)
        {
            List<float> gradients = [];
            foreach (Layer expert in experts)
            {
                Parameter parameter = expert.NamedParameters().Find(pair => pair.Key == path).Value;
                gradients.AddRange(parameter.Gradient.Exists ? parameter.Gradient.ToArray() : new float[parameter.Shape.Count]);
            }

            golden.Check("grad." + name, gradients.ToArray());
        }
    }

    private static readonly (string Path, string Name)[] Names = [("0.weight", "w1"), ("0.bias", "b1"), ("2.weight", "w2"), ("2.bias", "b2")];

    // The file lists the chosen experts from the largest logit to the smallest.
    private static void CheckOrder(GoldenCase golden, Tensor logits, Selection kept)
    {
        List<long> order = [];
        for (int row = 0; row < kept.Rows; row++)
        {
            float[] own = logits.Rows(row, 1).ToArray();
            int[] chosen = kept.Row(row).ToArray();
            Array.Sort(chosen, (left, right) => own[right].CompareTo(own[left]));
            foreach (int expert in chosen)
            {
                order.Add(expert);
            }
        }

        golden.CheckIntegers("out.indices", order.ToArray());
    }

    private static void Transpose(Tensor from, Span<float> to)
    {
        (int rows, int columns) = (from.Shape[0], from.Shape[1]);
        for (int i = 0; i < from.Count; i++)
        {
            to[(i % columns * rows) + (i / columns)] = from.Span[i];
        }
    }

    private static void CheckTransposed(GoldenCase golden, string name, Tensor gradient)
    {
        float[] values = new float[gradient.Count];
        Transpose(gradient, values);
        golden.Check(name, values);
    }

    private sealed class GivenRule(Func<Context, Tensor, Decision> decide) : DecisionRule
    {
        public GivenRule(Func<Context, Decision> decide)
            : this((context, _) => decide(context))
        {
        }

        public override Decision Decide(Context context, Tensor features) => decide(context, features);

        public override long CountMacs(Shape features) => 0;
    }
}
