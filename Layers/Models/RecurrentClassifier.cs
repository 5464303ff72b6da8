using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Layers.Models;

/// <summary>The layers of <see cref="SkipLstm"/>: identifiers [N, T] or features [N, T, F] to logits [N, classes].</summary>
internal sealed class RecurrentClassifier : Layer
{
    private readonly SkipLstmOptions _options;
    private readonly Embedding? _embedding;
    private readonly Layer _recurrent;
    private readonly SequencePooling _last = new(SequencePoolingKind.Last);
    private readonly Linear _head;

    public RecurrentClassifier(SkipLstmOptions options)
    {
        _options = options;
        bool isText = options.Vocabulary > 0;
        _embedding = isText ? Add("embedding", new Embedding(options.Vocabulary, options.Embedding, SequenceLengths.Padding, unknown: System.Math.Min(1, options.Vocabulary - 1))) : null;
        int width = isText ? options.Embedding : options.Features;
        _recurrent = Add<Layer>("recurrent", options.Method switch
        {
            RecurrentMethod.Skip => new SkipRnn(options.Kind, width, options.Units),
            RecurrentMethod.Skim => new SkimRnn(options.Kind, width, options.Units, options.SmallUnits),
            _ => options.IsGru ? new Gru(width, options.Units) : new Lstm(width, options.Units),
        });
        _head = Add("head", new Linear(options.Units, options.Classes));
    }

    public override Shape OutputShape(Shape input) => new(input[0], _options.Classes);

    public override long CountMacs(Shape input)
    {
        Shape steps = new(input[0], input[1], _embedding is null ? _options.Features : _options.Embedding);
        return _recurrent.CountMacs(steps) + _head.CountMacs(new Shape(input[0], _options.Units));
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Selection steps = context.LengthsOf(input);
        Tensor x = _embedding is null ? input : Drop(context, _embedding.Forward(context, input), 0);
        Tensor states = _recurrent switch
        {
            SkipRnn skip => skip.Forward(context, x, steps, default, out _, out _),
            SkimRnn skim => skim.Forward(context, x, steps),
            RecurrentLayer layer => layer.Forward(context, x, steps),
            _ => _recurrent.Forward(context, x),
        };
        return scope.Keep(_head.Forward(context, Drop(context, _last.Forward(context, states, steps), 1)));
    }

    private Tensor Drop(Context context, Tensor input, int place) => context.Mode != Mode.Train || _options.Dropout == 0
        ? input
        : context.Dropout(input, _options.Dropout, context.Random.Stream(string.Create(CultureInfo.InvariantCulture, $"dropout {Number}.{place}")));
}
