using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using Xunit;
using Xunit.Sdk;

namespace ManagedDyn.Tests.Laws;

/// <summary>The laws find what they are there for: layers that break one of them each.</summary>
public sealed class LayerLawsTests
{
    /// <summary>How a layer may be wrong.</summary>
    public enum Fault
    {
        None,
        SeesTheBatch,
        CountsTooMuch,
        TellsAnotherShape,
        Allocates,
        ChangesWhenFrozen,
        LosesAGradient,
        HasAWrongGradient,
    }

    [Theory]
    [InlineData(Fault.None, "")]
    [InlineData(Fault.SeesTheBatch, "alone")]
    [InlineData(Fault.CountsTooMuch, "MACs were counted")]
    [InlineData(Fault.TellsAnotherShape, "")]
    [InlineData(Fault.Allocates, "bytes were allocated")]
    [InlineData(Fault.ChangesWhenFrozen, "frozen")]
    [InlineData(Fault.LosesAGradient, "got no gradient")]
    [InlineData(Fault.HasAWrongGradient, "differences give")]
    public void A_broken_law_is_found(Fault fault, string message)
    {
        void Check() => LayerLaws.CheckAll(new($"fault {fault}", typeof(FaultyLayer), () => new FaultyLayer(fault), 3, 4));
        if (fault == Fault.None)
        {
            Check();
            return;
        }

        XunitException found = Assert.ThrowsAny<XunitException>(Check);
        Assert.Contains(message, found.Message, StringComparison.Ordinal);
    }

    private sealed class FaultyLayer : Layer
    {
        private readonly Fault _fault;
        private readonly Linear _linear;
        private readonly Parameter _factor;

        public FaultyLayer(Fault fault)
        {
            _fault = fault;
            _linear = Add("linear", new Linear(4, 5));
            _factor = AddParameter("factor", new Shape(5));
        }

        public byte[] Garbage { get; private set; } = [];

        public override Shape OutputShape(Shape input) => _fault == Fault.TellsAnotherShape ? input : _linear.OutputShape(input);

        public override long CountMacs(Shape input) => _linear.CountMacs(input);

        protected override Tensor Run(Context context, Tensor input)
        {
            Tensor output = context.Multiply(_linear.Forward(context, input), _fault == Fault.LosesAGradient ? context.Workspace.RentCopy(_factor.Shape, _factor.Value.Span) : _factor.Value);
            switch (_fault)
            {
                case Fault.SeesTheBatch:
                    return context.Scale(output, 1f + (0.001f * input.Shape[0]));
                case Fault.CountsTooMuch:
                    context.Count(input.Shape[0], 1, 1);
                    return output;
                case Fault.Allocates:
                    Garbage = new byte[64];
                    return output;
                case Fault.ChangesWhenFrozen:
                    return IsFrozen ? context.Scale(output, 1.01f) : output;
                case Fault.HasAWrongGradient:
                    // The product's derivative by one of two factors that are the same.
                    return context.Multiply(output, context.Workspace.RentCopy(output.Shape, output.Span));
                default:
                    return output;
            }
        }
    }
}
