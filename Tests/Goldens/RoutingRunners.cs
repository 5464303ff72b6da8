using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;

namespace ManagedDyn.Tests.Goldens;

/// <summary>Dynamic routing against golden vectors.</summary>
internal static class RoutingRunners
{
    public static void SoftTree(GoldenCase golden)
    {
        Tensor input = golden.Input("x");
        Tensor leaves = golden.Input("leaf_logits");
        SoftDecisionTree tree = new(input.Shape[1], leaves.Shape[1], golden.Integer("depth"), golden.Real("beta", 1));
        Set(tree.Weight, golden.Input("weight"));
        Set(tree.Bias, golden.Input("bias"));
        Set(tree.LeafLogits, leaves);
        Context context = new();
        golden.Check("out.hard", context.Exp(tree.Forward(context, input)));

        context.Decisions = Decisions.Relaxed;
        Tape.Watch(input);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor output = context.Exp(tree.Forward(context, input));
        Tensor paths = tree.PathProbabilities(context, input);
        golden.Check("out.y", output);
        golden.Check("out.path", paths);
        Tensor loss = context.Add(
            context.Sum(context.Multiply(output, golden.CoVector("y"))),
            context.Sum(context.Multiply(paths, golden.CoVector("path"))));
        tape.Backward(loss);
        golden.Check("grad.x", Tape.GradientOf(input));
        golden.Check("grad.weight", tree.Weight.Gradient);
        golden.Check("grad.bias", tree.Bias.Gradient);
        golden.Check("grad.leaf_logits", tree.LeafLogits.Gradient);
    }

    private static void Set(Parameter parameter, Tensor values)
    {
        values.Span.CopyTo(parameter.Value.Span);
    }
}
