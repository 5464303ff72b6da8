using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Goldens;

namespace ManagedDyn.Tests.Layers.Training;

/// <summary>The networks of the golden training runs, each as its note tells it.</summary>
public static class TrainingRunNetworks
{
    public static Func<FormulaNetwork, Context, Tensor, Tensor[]> Find(GoldenCase golden) => golden.Name switch
    {
        "cnn_bn_sgd" => Cnn,
        "early_exit_sgd" => EarlyExit,
        "layer_skip_gumbel_sgd" => (network, context, x) => LayerSkip(network, context, x, golden.Input("gumbel"), golden.Real("target_rate")),
        "condconv_adam" => (network, context, x) => CondConv(network, context, x, golden.Integer("experts")),
        "moe_top2_adamw" => (network, context, x) => Mixture(network, context, x, golden.Integer("experts")),
        _ => throw new NotSupportedException($"{golden} is no known training run."),
    };

    private static Tensor[] Cnn(FormulaNetwork network, Context context, Tensor x)
    {
        Tensor h = Conv(context, x, network["conv1_weight"], network["conv1_bias"]);
        h = context.BatchNorm(h, network["bn_weight"], network["bn_bias"], network["bn_running_mean"], network["bn_running_var"], 0.1f, 1e-5f);
        h = context.MaxPool2d(context.Relu(h), 2);
        h = context.Relu(Conv(context, h, network["conv2_weight"], network["conv2_bias"]));
        return [Head(network, context, h, "fc")];
    }

    private static Tensor[] EarlyExit(FormulaNetwork network, Context context, Tensor x)
    {
        Tensor h = context.Relu(Conv(context, x, network["conv1_weight"], network["conv1_bias"], stride: 2));
        Tensor early = Head(network, context, h, "exit1");
        h = context.Relu(Conv(context, h, network["conv2_weight"], network["conv2_bias"]));
        return [early, Head(network, context, h, "exit2")];
    }

    private static Tensor[] LayerSkip(FormulaNetwork network, Context context, Tensor x, Tensor gumbel, float target)
    {
        int samples = x.Shape[0];
        Tensor h = context.Relu(Conv(context, x, network["conv1_weight"], network["conv1_bias"]));
        Tensor logits = Head(network, context, h, "gate");
        Tensor noise = gumbel.Rows((int)context.Step, 1).Reshape(logits.Shape);
        Tensor gate = Column(context, context.StraightThroughArgMax(context.GumbelSoftmax(logits, noise, 1)), 1);
        Tensor block = context.Relu(Conv(context, h, network["block_weight"], network["block_bias"]));
        h = context.Add(h, context.Multiply(block, gate.Reshape(new Shape(samples, 1, 1, 1))));
        Tensor distance = context.Offset(Mean(context, gate), -target);
        network.Penalty = context.Scale(context.Square(distance), 0.5f);
        return [Head(network, context, h, "fc")];
    }

    private static Tensor[] CondConv(FormulaNetwork network, Context context, Tensor x, int experts)
    {
        int samples = x.Shape[0];
        Tensor h = context.Relu(Conv(context, x, network["conv1_weight"], network["conv1_bias"]));
        Tensor routes = context.Sigmoid(Head(network, context, h, "route"));
        Tensor all = network["experts"];
        Tensor sum = default;
        for (int expert = 0; expert < experts; expert++)
        {
            // A mixture of kernels is the mixture of their outputs.
            Tensor weight = all.Rows(expert, 1).Reshape(new Shape(all.Shape[1], all.Shape[2], all.Shape[3], all.Shape[4]));
            Tensor route = Column(context, routes, expert).Reshape(new Shape(samples, 1, 1, 1));
            Tensor part = context.Multiply(Conv(context, h, weight, default, stride: 2), route);
            sum = sum.Exists ? context.Add(sum, part) : part;
        }

        return [Head(network, context, context.Relu(sum), "fc")];
    }

    private static Tensor[] Mixture(FormulaNetwork network, Context context, Tensor x, int experts)
    {
        int samples = x.Shape[0];
        Tensor pixels = x.Reshape(new Shape(samples, x.Shape.ProductFrom(1)));
        Tensor logits = context.Linear(pixels, network["gate"]);
        Tensor others = Tensor.Zeros(logits.Shape);
        Tensor firsts = Tensor.Zeros(new Shape(1, experts));
        for (int n = 0; n < samples; n++)
        {
            ReadOnlySpan<float> scores = logits.Span.Slice(n * experts, experts);
            int first = Best(scores, -1);
            int second = Best(scores, first);
            firsts.Span[first] += 1f / samples;
            for (int expert = 0; expert < experts; expert++)
            {
                others.Span[(n * experts) + expert] = expert == first || expert == second ? 0 : -1e9f;
            }
        }

        // What is far below the rest has weight 0 and gets no gradient: the softmax over the two kept.
        Tensor weights = context.GumbelSoftmax(logits, others, 1);
        Tensor sum = default;
        for (int expert = 0; expert < experts; expert++)
        {
            Tensor hidden = context.Relu(context.Linear(pixels, Expert(network["w1"], expert), Expert(network["b1"], expert)));
            Tensor output = context.Linear(hidden, Expert(network["w2"], expert), Expert(network["b2"], expert));
            Tensor part = context.Multiply(output, Column(context, weights, expert));
            sum = sum.Exists ? context.Add(sum, part) : part;
        }

        Tensor shares = context.GumbelSoftmax(logits, Tensor.Zeros(logits.Shape), 1);
        network.Penalty = context.Scale(Mean(context, context.Linear(shares, firsts)), 0.01f * experts);
        return [sum];
    }

    private static Tensor Head(FormulaNetwork network, Context context, Tensor maps, string name) =>
        context.Linear(context.GlobalAveragePool(maps), network[name + "_weight"], network[name + "_bias"]);

    private static Tensor Conv(Context context, Tensor x, Tensor weight, Tensor bias, int stride = 1)
    {
        ConvolutionGeometry geometry = new(
            weight.Shape[1], weight.Shape[0], 3, 3, x.Shape[1], x.Shape[2], stride, stride, 1, 1, 1, 1, 1, 1, 1);
        return context.Conv2d(x, weight, bias, in geometry);
    }

    // One column of a matrix, [N, 1], as a product with a unit vector.
    private static Tensor Column(Context context, Tensor matrix, int column)
    {
        Tensor unit = Tensor.Zeros(new Shape(1, matrix.Shape[1]));
        unit.Span[column] = 1;
        return context.Linear(matrix, unit);
    }

    // The mean of [N, 1], as [1].
    private static Tensor Mean(Context context, Tensor column)
    {
        Tensor share = Tensor.Zeros(new Shape(1, column.Count));
        share.Span.Fill(1f / column.Count);
        return context.Linear(column.Reshape(new Shape(1, column.Count)), share).Reshape(new Shape(1));
    }

    private static Tensor Expert(Tensor all, int expert)
    {
        Tensor one = all.Rows(expert, 1);
        return one.Reshape(one.Shape.Rank == 3 ? new Shape(one.Shape[1], one.Shape[2]) : new Shape(one.Shape[1]));
    }

    private static int Best(ReadOnlySpan<float> scores, int besides)
    {
        int best = -1;
        for (int i = 0; i < scores.Length; i++)
        {
            best = i != besides && (best < 0 || scores[i] > scores[best]) ? i : best;
        }

        return best;
    }
}
