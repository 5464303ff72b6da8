using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Elementwise;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Operators;

public sealed class ArithmeticOperatorsTests
{
    private static readonly (int[] Left, int[] Right)[] Meetings =
    [
        ([2, 3, 4, 5], [2, 3, 4, 5]),
        ([2, 3, 2, 9], [9]),
        ([3, 2, 2, 5], [3, 1, 1, 1]),
        ([3, 2, 2, 11], [3, 1, 1, 11]),
        ([2, 3, 2, 3], [2, 3, 2, 1]),
        ([7], [1]),
        ([2, 3], []),
        ([], []),
        ([4, 1], [1, 3]),
        ([5], [3, 5]),
        ([1, 3, 1, 2], [2, 1, 4, 1]),
        ([0, 3], [1, 3]),
        ([1, 1], [1]),
        ([40, 3], [3]),
        ([5, 100], [5, 1]),
        ([9, 37], [1, 37]),
        ([3, 1, 20], [3, 4, 20]),
    ];

    public static IEnumerable<TheoryDataRow<int>> Cases()
    {
        for (int i = 0; i < Meetings.Length; i++)
        {
            yield return i;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Add_equals_the_formula(int meeting) => Check(meeting, default(AddFunction), static (c, x) => c.Add(x[0], x[1]));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Subtract_equals_the_formula(int meeting) => Check(meeting, default(SubtractFunction), static (c, x) => c.Subtract(x[0], x[1]));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Multiply_equals_the_formula(int meeting) => Check(meeting, default(MultiplyFunction), static (c, x) => c.Multiply(x[0], x[1]));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Divide_equals_the_formula(int meeting) => Check(meeting, default(DivideFunction), static (c, x) => c.Divide(x[0], x[1]), 0.5f, 2f);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Maximum_equals_the_formula(int meeting) => Check(meeting, default(MaximumFunction), static (c, x) => c.Maximum(x[0], x[1]));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Minimum_equals_the_formula(int meeting) => Check(meeting, default(MinimumFunction), static (c, x) => c.Minimum(x[0], x[1]));

    [Fact]
    public void Square_of_a_tensor_by_itself_has_both_gradients() => OperatorCheck.Run(
        [new Shape(3, 5)],
        (c, x) => c.Multiply(x[0], x[0]),
        x => Array.ConvertAll(x[0], v => v * v));

    [Fact]
    public void Constants_scale_and_shift()
    {
        OperatorCheck.Run([new Shape(2, 9)], (c, x) => c.Scale(x[0], -3f), x => Array.ConvertAll(x[0], v => -3 * v));
        OperatorCheck.Run([new Shape(2, 9)], (c, x) => c.Offset(x[0], 0.5f), x => Array.ConvertAll(x[0], v => v + 0.5));
        OperatorCheck.Run([new Shape(2, 9)], (c, x) => c.Affine(x[0], 2f, 0.5f), x => Array.ConvertAll(x[0], v => (2 * v) + 0.5));
        OperatorCheck.Run([new Shape(2, 9)], (c, x) => c.Clamp(x[0], -1f, 0.5f), x => Array.ConvertAll(x[0], v => Math.Clamp(v, -1, 0.5)));
    }

    [Fact]
    public void Large_tensors_have_the_same_bits_for_any_number_of_threads()
    {
        // Several parts of each kind of work: whole rows, channels, samples, and sums over pixels in many chunks.
        foreach ((int[] left, int[] right) in new (int[], int[])[] { ([5, 60, 61, 7], [7]), ([5, 60, 61, 7], [5, 1, 1, 7]), ([5, 60, 61, 7], [5, 60, 61, 1]), ([5, 60, 61, 7], [5, 1, 1, 1]), ([5, 60, 61, 7], [1]) })
        {
            Shape[] shapes = [new(left), new(right)];
            OperatorCheck.Run(
                shapes,
                (c, x) => c.Multiply(x[0], x[1]),
                x => Expected(default(MultiplyFunction), shapes, x),
                gradientsOf: 0);
            Bits(shapes);
        }
    }

    [Fact]
    public void Equal_operands_share_the_gradient()
    {
        Context context = new();
        using Engine.Autograd.Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor a = context.Workspace.RentCopy(new Shape(3), [1, 2, 3]);
        Tensor b = context.Workspace.RentCopy(new Shape(3), [1, 3, 2]);
        Engine.Autograd.Tape.Watch(a);
        Engine.Autograd.Tape.Watch(b);
        tape.Backward(context.Maximum(a, b), [8, 8, 8]);
        Assert.Equal([4, 0, 8], Engine.Autograd.Tape.GradientOf(a).ToArray());
        Assert.Equal([4, 8, 0], Engine.Autograd.Tape.GradientOf(b).ToArray());
    }

    [Fact]
    public void Larger_and_smaller_keep_not_a_number()
    {
        Context context = new();
        Tensor a = Tensor.From(new Shape(3), [float.NaN, 1, 2]);
        Tensor b = Tensor.From(new Shape(3), [1, float.NaN, 3]);
        Assert.Equal([float.NaN, float.NaN, 3], context.Maximum(a, b).ToArray());
        Assert.Equal([float.NaN, float.NaN, 2], context.Minimum(a, b).ToArray());
    }

    [Fact]
    public void Shapes_that_do_not_meet_are_refused()
    {
        Context context = new();
        ArgumentException refused = Assert.Throws<ArgumentException>(() => context.Add(Tensor.Zeros(new Shape(2, 3)), Tensor.Zeros(new Shape(2))));
        Assert.Contains("[2, 3]", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => context.Clamp(Tensor.Zeros(new Shape(2)), 1, 0));
    }

    private static void Bits(Shape[] shapes)
    {
        float[][]? first = null;
        foreach (int threads in new[] { 1, 3 })
        {
            using Workers workers = new(threads);
            Context context = new(workers);
            using Engine.Autograd.Tape tape = new(context.Workspace);
            context.Tape = tape;
            Tensor[] x = Array.ConvertAll(shapes, shape => context.Workspace.RentCopy(shape, OperatorCheck.Values(shape.Count, shape.Rank)));
            Array.ForEach(x, Engine.Autograd.Tape.Watch);
            Tensor y = context.Multiply(x[0], x[1]);
            tape.Backward(y, OperatorCheck.Values(y.Count, 5));
            float[][] found = Array.ConvertAll(x, tensor => Engine.Autograd.Tape.GradientOf(tensor).ToArray());
            first ??= found;
            Assert.Equal(first[0], found[0]);
            Assert.Equal(first[1], found[1]);
            double[] sums = new double[shapes[1].Count];
            float[] left = x[0].ToArray(), weights = OperatorCheck.Values(y.Count, 5);
            Shape full = y.Shape;
            for (int i = 0; i < left.Length; i++)
            {
                sums[Place(i, full, shapes[1])] += (double)left[i] * weights[i];
            }

            OperatorCheck.Near(sums, found[1], 2e-4, $"sums of {shapes[1]}");
        }
    }

    private static int Place(int element, Shape full, Shape shape)
    {
        int place = 0;
        int stride = 1;
        for (int i = 1; i <= full.Rank; i++)
        {
            int index = element % full[-i];
            element /= full[-i];
            if (i <= shape.Rank && shape[-i] > 1)
            {
                place += index * stride;
                stride *= shape[-i];
            }
        }

        return place;
    }

    private static void Check<TFunction>(int meeting, TFunction function, OperatorCheck.Operation operation, float from = -2f, float to = 2f)
        where TFunction : struct, IPairFunction
    {
        (int[] left, int[] right) = Meetings[meeting];
        Shape[] shapes = [new(left), new(right)];
        OperatorCheck.Run(shapes, operation, x => Expected(function, shapes, x), meeting + 1, from, to);
        Array.Reverse(shapes);
        OperatorCheck.Run(shapes, operation, x => Expected(function, shapes, x), meeting + 1, from, to);
    }

    private static double[] Expected<TFunction>(TFunction function, Shape[] shapes, double[][] x)
        where TFunction : struct, IPairFunction
    {
        BroadcastPlan plan = new(shapes[0], shapes[1]);
        double[] y = new double[plan.Output.Count];
        PairMap.Reference(function, in plan, x[0].AsSpan(), x[1].AsSpan(), y.AsSpan());
        return y;
    }
}
