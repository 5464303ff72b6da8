using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Goldens;

namespace ManagedDyn.Tests.Operators;

/// <summary>Runs the Gumbel relaxations over their golden vectors, whose noise is given.</summary>
public static class RelaxationGoldens
{
    public static void Sigmoid(GoldenCase golden)
    {
        Context context = new();
        Tensor logits = golden.Input("logits");
        Tape.Watch(logits);
        Tensor noise = golden.Input("noise");
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor soft = context.GumbelSigmoid(logits, noise, golden.Real("tau"));
        Tensor hard = context.StraightThrough(soft);
        golden.Check("out.soft", soft);
        golden.Check("out.hard", hard);

        // Both outputs have a co-vector, and a loss is one tensor: they are joined.
        Tensor both = context.Workspace.Rent(new Shape(2, logits.Count));
        tape.Record(new PairEntry(hard, soft, both));
        float[] weights = [.. golden.CoVector("hard").ToArray(), .. golden.CoVector("soft").ToArray()];
        tape.Backward(both, weights);
        golden.Check("grad.logits", Tape.GradientOf(logits));
    }

    public static void Softmax(GoldenCase golden)
    {
        Context context = new();
        Tensor logits = golden.Input("logits");
        Tape.Watch(logits);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.GumbelSoftmax(logits, golden.Input("gumbel"), golden.Real("tau"));
        output = golden.Flag("hard") ? context.StraightThroughArgMax(output) : output;
        golden.Check("out.y", output);
        tape.Backward(output, golden.CoVector("y").Span);
        golden.Check("grad.logits", Tape.GradientOf(logits));
    }

    private sealed class PairEntry(Tensor first, Tensor second, Tensor both) : TapeEntry(both)
    {
        private readonly Tensor _both = both;

        public override void Backward(Gradients gradients)
        {
            Tensor gradient = gradients.Of(_both);
            Add(gradients, first, gradient.Rows(0, 1));
            Add(gradients, second, gradient.Rows(1, 1));
        }

        private static void Add(Gradients gradients, Tensor target, Tensor gradient)
        {
            System.Span<float> values = gradients.Into(target, out bool accumulate).Span;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (accumulate ? values[i] : 0) + gradient.Span[i];
            }
        }
    }
}
