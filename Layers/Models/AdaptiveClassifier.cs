using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Layers.Models;

/// <summary>The layers of <see cref="AdaptiveRnn"/>: identifiers [N, T] or features [N, T, F] to logits [N, classes].</summary>
internal sealed class AdaptiveClassifier : Layer
{
    // The share of training after which jumps are the likely ones, as at inference.
    private const float DrawsUntil = 0.8f;

    private readonly AdaptiveRnnOptions _options;
    private readonly Embedding? _embedding;
    private readonly Layer _recurrent;
    private readonly SequencePooling _last = new(SequencePoolingKind.Last);
    private readonly Linear _head;
    private readonly int _width;

    public AdaptiveClassifier(AdaptiveRnnOptions options)
    {
        _options = options;
        bool isText = options.Vocabulary > 0;
        _embedding = isText ? Add("embedding", new Embedding(options.Vocabulary, options.Embedding, SequenceLengths.Padding, unknown: Math.Min(1, options.Vocabulary - 1))) : null;
        _width = isText ? options.Embedding : options.Features;
        _recurrent = Add<Layer>("recurrent", options.Method switch
        {
            AdaptiveMethod.Variable => new VariableComputationRnn(RecurrentKind.Gru, _width, options.Units, options.BlockSize),
            AdaptiveMethod.Hierarchical => new HierarchicalRnn(_width, options.Units, options.Layers),
            AdaptiveMethod.Ponder => new PonderRnn(options.Kind, _width, options.Units, options.Updates, start: options.Start),
            _ => new JumpRnn(options.Kind, _width, options.Units, options.Reads, options.LongestJump, options.Jumps, new CategoricalActionRelaxation(DrawsUntil)),
        });
        _head = Add("head", new Linear(options.Method == AdaptiveMethod.Hierarchical ? options.Layers * options.Units : options.Units, options.Classes));
    }

    public override Shape OutputShape(Shape input) => new(input[0], _options.Classes);

    public override long CountMacs(Shape input) =>
        _recurrent.CountMacs(new Shape(input[0], input[1], _width)) + _head.CountMacs(new Shape(input[0], _head.Weight.Shape[1]));

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Selection steps = context.LengthsOf(input);
        Tensor x = _embedding is null ? input : Drop(context, _embedding.Forward(context, input), 0);
        Tensor last = _recurrent switch
        {
            JumpRnn jump => jump.Forward(context, x, steps, out _),
            VariableComputationRnn variable => _last.Forward(context, variable.Forward(context, x, steps), steps),
            HierarchicalRnn hierarchical => _last.Forward(context, hierarchical.Forward(context, x, steps), steps),
            _ => _last.Forward(context, ((PonderRnn)_recurrent).Forward(context, x, steps), steps),
        };
        return scope.Keep(_head.Forward(context, Drop(context, last, 1)));
    }

    private Tensor Drop(Context context, Tensor input, int place) => context.Mode != Mode.Train || _options.Dropout == 0
        ? input
        : context.Dropout(input, _options.Dropout, context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"dropout {Number}.{place}")));
}
