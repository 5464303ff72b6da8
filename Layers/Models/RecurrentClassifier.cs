using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.TemporalWise.Text;

namespace ManagedDyn.Layers.Models;

/// <summary>The layers of <see cref="SkipLstm"/>: identifiers [N, T] or features [N, T, F] to logits [N, classes].</summary>
internal sealed class RecurrentClassifier : Layer, IStepwise
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
        _embedding = isText ? Add("embedding", new Embedding(options.Vocabulary, options.Embedding, SequenceLengths.Padding, unknown: Math.Min(1, options.Vocabulary - 1))) : null;
        int width = isText ? options.Embedding : options.Features;
        _recurrent = Add<Layer>("recurrent", options.Method switch
        {
            RecurrentMethod.Skip => new SkipRnn(options.Kind, width, options.Units),
            RecurrentMethod.Skim => new SkimRnn(options.Kind, width, options.Units, options.SmallUnits),
            _ => options.IsGru ? new Gru(width, options.Units) { ForgetBias = SkipRnn.ForgetBias } : new Lstm(width, options.Units) { ForgetBias = SkipRnn.ForgetBias },
        });
        _head = Add("head", new Linear(options.Units, options.Classes));
    }

    /// <summary>An identifier, or the features of a step.</summary>
    public Shape StepShape => new(_embedding is null ? _options.Features : 1);

    /// <summary>As many as come: the state has one size.</summary>
    public int StepLimit => int.MaxValue;

    public int StateLength => _recurrent switch
    {
        SkipRnn skip => skip.StateWidth + 2,
        SkimRnn skim => skim.StateWidth,
        _ => ((RecurrentLayer)_recurrent).StateWidth,
    };

    public bool WillRead(ReadOnlySpan<float> state, int position) => _recurrent is not SkipRnn || position == 0 || SkipRnn.WillRead(state);

    public bool IsSound(ReadOnlySpan<float> state, int position) => _recurrent is not SkipRnn || SkipRnn.IsSound(state);

    public StepAnswer Step(Context context, Tensor input, Tensor state, int position)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor x = _embedding is null ? input : _embedding.Forward(context, input).Reshape(new Shape(1, _options.Embedding));
        bool isRead = true;
        switch (_recurrent)
        {
            case SkipRnn skip:
                isRead = skip.Step(context, x, state, isFirst: position == 0);
                break;
            case SkimRnn skim:
                isRead = skim.Step(context, x, state);
                break;
            default:
                RecurrentLayer layer = (RecurrentLayer)_recurrent;
                _ = layer.Forward(context, x.Reshape(new Shape(1, 1, x.Shape[1])), default, state, out Tensor last);
                last.Span.CopyTo(state.Span);
                break;
        }

        return new StepAnswer(scope.Keep(_head.Forward(context, context.Slice(state, 1, 0, _options.Units))), isRead);
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
