using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A transformer that classifies texts with one layer, run on each token until it has had enough (Dehghani et al., "Universal transformers", ICLR 2019); the answer
/// is read from a trained first token.
/// </summary>
public static class UniversalTransformer
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(UniversalTransformerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SingleStage(options.SampleShape, new Classifier(options)) { Recipe = options };
    }

    private sealed class Classifier : Layer
    {
        private readonly UniversalTransformerOptions _options;
        private readonly Embedding _embedding;
        private readonly Parameter _first;
        private readonly PositionalEncoding _places;
        private readonly PonderEncoder _encoder;
        private readonly LayerNorm _norm;
        private readonly Linear _head;

        public Classifier(UniversalTransformerOptions options)
        {
            _options = options;
            _embedding = Add("embedding", new Embedding(options.Vocabulary, options.Width, SequenceLengths.Padding, unknown: 1));
            _first = AddParameter("cls_token", new Shape(1, 1, options.Width), decays: false);
            _places = Add("places", new PositionalEncoding(options.Length + 1, options.Width, isTrained: true));
            TransformerEncoderLayer layer = new(options.Width, options.Heads, options.Hidden, ActivationFunction.Gelu, options.Dropout, hasNormsFirst: true);
            _encoder = Add("encoder", new PonderEncoder(layer, options.Width, options.Layers, options.Epsilon, options.Start));
            _norm = Add("norm", new LayerNorm(options.Width));
            _head = Add("head", new Linear(options.Width, options.Classes));
        }

        public override Shape OutputShape(Shape input) => new(input[0], _options.Classes);

        public override long CountMacs(Shape input) =>
            _encoder.CountMacs(new Shape(input[0], input[1] + 1, _options.Width)) + _head.CountMacs(new Shape(input[0], _options.Width));

        protected override void OnInitialize(RandomStream random) => Initializers.Normal(_first, random, 0.02f);

        protected override Tensor Run(Context context, Tensor input)
        {
            int samples = input.Shape[0];
            using WorkspaceScope scope = context.Workspace.Enter();
            Selection steps = context.LengthsOf(input);
            Tensor first = context.BroadcastTo(_first.Value, new Shape(samples, 1, _options.Width));
            Tensor sequence = _places.Forward(context, context.Concat(1, first, _embedding.Forward(context, input)));
            sequence = context.Mode != Mode.Train || _options.Dropout == 0 ? sequence : context.Dropout(sequence, _options.Dropout, context.Random.Stream("dropout of vectors"));
            Tensor states = _encoder.Forward(context, sequence, WithFirst(context, steps, samples, input.Shape[1]));
            Tensor token = context.Slice(states, 1, 0, 1).Reshape(new Shape(samples, _options.Width));
            return scope.Keep(_head.Forward(context, _norm.Forward(context, token)));
        }

        // The steps of the text behind the first token.
        private static Selection WithFirst(Context context, Selection steps, int samples, int length)
        {
            if (steps.IsAll)
            {
                return Selection.All(samples, length + 1);
            }

            Tensor mask = context.Workspace.RentZeros(new Shape(samples, length + 1));
            for (int n = 0; n < samples; n++)
            {
                mask.Span.Slice(n * (length + 1), steps.RowCount(n) + 1).Fill(1);
            }

            return context.Workspace.SelectAtLeast(samples, length + 1, mask.Span, 0.5f);
        }
    }
}
