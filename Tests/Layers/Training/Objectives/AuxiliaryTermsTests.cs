using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Training.Objectives;
using Xunit;

namespace ManagedDyn.Tests.Layers.Training.Objectives;

public sealed class AuxiliaryTermsTests
{
    [Fact]
    public void Terms_count_by_the_weight_of_their_name_and_others_do_not()
    {
        Context context = new() { Ledger = new DecisionLedger() };
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        Tensor logits = Watched(new Shape(2, 2), [0.5f, -0.25f, 1f, 2f]);
        float plain = new MultiExitObjective().Compute(context, [logits], [0, 1], new float[1]).Span[0];
        Tensor[] terms = [Watched(new Shape(1), [3f]), Watched(new Shape(1), [5f]), Watched(new Shape(1), [7f])];
        context.AddLossTerm("load", 1, terms[0]);
        context.AddLossTerm("gates", 2, terms[1]);
        context.AddLossTerm("load", 3, terms[2]);
        AuxiliaryTerms objective = new(new MultiExitObjective(), KeyValuePair.Create("load", 0.5f), KeyValuePair.Create("absent", 2f));
        Tensor loss = objective.Compute(context, [logits], [0, 1], new float[1]);
        Assert.Equal(plain + (0.5f * (3 + 7)), loss.Span[0], 1e-5f);
        tape.Backward(loss);
        Assert.Equal(0.5f, Tape.GradientOf(terms[0]).Span[0]);
        Assert.Equal(0.5f, Tape.GradientOf(terms[2]).Span[0]);
        Tensor unweighted = Tape.GradientOf(terms[1]);
        Assert.True(!unweighted.Exists || unweighted.Span[0] == 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => new AuxiliaryTerms(new MultiExitObjective(), KeyValuePair.Create("load", float.NaN)));
    }

    private static Tensor Watched(Shape shape, float[] values)
    {
        Tensor tensor = Tensor.From(shape, values);
        Tape.Watch(tensor);
        return tensor;
    }
}
