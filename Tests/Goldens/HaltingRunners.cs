using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Runs adaptive computation time over its golden vectors: for samples, and for pixels, whose maps are stored channels first.</summary>
internal static class HaltingRunners
{
    public static void Run(GoldenCase golden)
    {
        Tensor scores = golden.Input("h");
        Shape scoreShape = scores.Shape;
        Tensor states = golden.Input("s");
        int steps = scoreShape[0];
        Assert(steps, golden);
        bool isOfPixels = scoreShape.Rank > 2;
        Tensor h = isOfPixels ? GoldenLayout.ToChannelsLast(Joined(scores)) : scores.Reshape(new Shape(scores.Count));
        Tensor s = isOfPixels ? GoldenLayout.ToChannelsLast(Joined(states)) : Joined(states);
        Tape.Watch(h);
        Tape.Watch(s);
        int samples = scoreShape[1];
        Tensor[] eachScore = new Tensor[steps];
        Tensor[] eachState = new Tensor[steps];
        for (int t = 0; t < steps; t++)
        {
            eachScore[t] = h.Rows(t * samples, samples);
            eachState[t] = s.Rows(t * samples, samples);
        }

        Context context = new();
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.Halt(eachScore, eachState, golden.Real("epsilon"), out Tensor ponder, out Tensor weights, out Tensor counts);
        golden.Check("out.y", isOfPixels ? GoldenLayout.ToChannelsFirst(output) : output);
        golden.Check("out.ponder", isOfPixels ? GoldenLayout.ToChannelsFirst(ponder) : ponder);
        CheckOthers(golden, weights, counts, isOfPixels);

        Tensor y = isOfPixels ? golden.ImageCoVector("y") : golden.CoVector("y");
        Tensor p = isOfPixels ? golden.ImageCoVector("ponder") : golden.CoVector("ponder");
        Tensor both = context.Add(Product(context, output, y), Product(context, ponder, p));
        tape.Backward(both);
        golden.Check("grad.h", Restored(Tape.GradientOf(h), scoreShape, isOfPixels));
        golden.Check("grad.s", Restored(Tape.GradientOf(s), states.Shape, isOfPixels));
    }

    private static void Assert(int steps, GoldenCase golden) =>
        Xunit.Assert.Equal(golden.Integer("max_steps", steps), steps);

    private static void CheckOthers(GoldenCase golden, Tensor weights, Tensor counts, bool isOfPixels)
    {
        foreach (string name in golden.TensorNames)
        {
            if (name == "out.weights")
            {
                // Maps of one channel are the same in both layouts.
                golden.Check(name, weights.Span);
            }
        }

        golden.CheckIntegers("out.steps", Array.ConvertAll(counts.ToArray(), static count => (long)count));
    }

    private static Tensor Product(Context context, Tensor value, Tensor coVector) => context.Sum(context.Multiply(value, coVector.Reshape(value.Shape)));

    // [T, N, …] as [T · N, …].
    private static Tensor Joined(Tensor tensor)
    {
        Span<int> extents = stackalloc int[tensor.Shape.Rank];
        tensor.Shape.CopyTo(extents);
        extents[1] *= extents[0];
        return tensor.Reshape(new Shape(extents[1..]));
    }

    private static Tensor Restored(Tensor gradient, Shape shape, bool isOfPixels) =>
        (isOfPixels ? GoldenLayout.ToChannelsFirst(gradient) : gradient).Reshape(shape);
}
