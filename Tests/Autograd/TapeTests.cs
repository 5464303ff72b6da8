using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using Xunit;

namespace ManagedDyn.Tests.Autograd;

public class TapeTests
{
    [Fact]
    public void A_value_used_twice_gets_both_gradients()
    {
        Context context = new();
        Tensor x = Tensor.From(new Shape(3), [1, 2, 3]);
        Tape.Watch(x);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;

        // y = x·x + x: dy/dx = 2x + 1.
        Tensor y = context.Add(context.Multiply(x, x), x);
        tape.Backward(y, [1, 1, 1]);
        Assert.Equal([3f, 5f, 7f], Tape.GradientOf(x).ToArray());
    }

    [Fact]
    public void Views_share_a_gradient_so_reshaping_and_rows_need_no_entry()
    {
        Context context = new();
        Tensor x = Tensor.From(new Shape(2, 2), [1, 2, 3, 4]);
        Tape.Watch(x);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor doubled = context.Add(x, x);
        Tensor row = doubled.Rows(1, 1).Reshape(new Shape(2));
        tape.Backward(context.Multiply(row, row), [1, 10]);

        // Row 1 of 2x squared: d = 2 · (2x) · 2.
        Assert.Equal([0f, 0f, 24f, 320f], Tape.GradientOf(x).ToArray());
    }

    [Fact]
    public void Gradients_of_parameters_add_up_until_cleared()
    {
        Context context = new();
        Parameter weight = new("weight", new Shape(2));
        weight.Value.Span.Fill(3f);
        for (int pass = 1; pass <= 2; pass++)
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            using Tape tape = new(context.Workspace);
            context.Tape = tape;
            tape.Backward(context.Multiply(weight.Value, weight.Value), [1, 1]);
            context.Tape = null;
            Assert.Equal([6f * pass, 6f * pass], weight.Gradient.ToArray());
        }

        weight.ClearGradient();
        Assert.Equal([0f, 0f], weight.Gradient.ToArray());
    }

    [Fact]
    public void A_cleared_gradient_is_written_anew_whole_or_in_parts()
    {
        Context context = new();
        Parameter weight = new("weight", new Shape(2, 2));
        weight.Value.Span.Fill(3f);
        for (int pass = 0; pass < 4; pass++)
        {
            using WorkspaceScope scope = context.Workspace.Enter();
            using Tape tape = new(context.Workspace);
            context.Tape = tape;

            // Odd passes reach the second row only: the first keeps the zeros that clearing promised.
            Tensor used = pass % 2 == 0 ? weight.Value : weight.Value.Rows(1, 1);
            tape.Backward(context.Multiply(used, used), pass % 2 == 0 ? [1, 1, 1, 1] : [1, 1]);
            context.Tape = null;
            float first = pass % 2 == 0 ? 6f : 0f;
            Assert.Equal([first, first, 6f, 6f], weight.Gradient.ToArray());
            weight.ClearGradient();
        }
    }

    [Fact]
    public void A_gradient_does_not_outlive_the_scope_that_it_was_made_in()
    {
        Context context = new();
        using WorkspaceScope outer = context.Workspace.Enter();
        Tensor x = context.Workspace.RentCopy(new Shape(2), [1, 2]);
        Tape.Watch(x);
        for (int pass = 0; pass < 2; pass++)
        {
            using WorkspaceScope inner = context.Workspace.Enter();
            using (Tape tape = new(context.Workspace))
            {
                context.Tape = tape;
                tape.Backward(context.Multiply(x, x), [1, 1]);
                context.Tape = null;
            }

            Assert.Equal([2f, 4f], Tape.GradientOf(x).ToArray());
        }

        Assert.False(Tape.GradientOf(x).Exists);
    }

    [Fact]
    public void What_requires_no_gradient_is_not_recorded()
    {
        Context context = new();
        Tensor x = Tensor.From(new Shape(2), [1, 2]);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor y = context.Add(x, x);
        Assert.Equal(0, tape.Count);
        ArgumentException failure = Assert.Throws<ArgumentException>(() => tape.Backward(y, [1, 1]));
        Assert.Contains("does not depend", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loss_is_one_number()
    {
        Context context = new();
        Tensor x = Tensor.From(new Shape(2), [1, 2]);
        Tape.Watch(x);
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor y = context.Add(x, x);
        Assert.Throws<ArgumentException>(() => tape.Backward(y));
        Assert.Throws<ArgumentException>(() => tape.Backward(y, [1, 2, 3]));
    }
}
