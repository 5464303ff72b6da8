using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Dynamic slimmable network (Li et al., CVPR 2021): convolutions of several widths, and gates that choose one for each stage. In the first part of training the
/// full width answers, a random one learns from it, and the narrowest from both; afterwards the gates choose.
/// </summary>
/// <remarks>
/// Stages begin at strided convolutions, the first behind the stem. Asks for the term "sandwich" of the loss, in-place ensemble distillation (section 3.2):
/// T²·KL of the full width's answer against that of a random width, and of the mean of both, as probabilities, against that of the narrowest, with no gradient into
/// those that teach. Deviations: DS-Net lets a moving average of the weights teach, which is not kept here, and freezes the weights while gates are trained; here
/// they go on learning.
/// </remarks>
internal sealed class SlimmableNetwork : ChannelChain
{
    private const float Temperature = 2;

    // Keeps logarithms finite where a class has no mass in float.
    private const float LeastProbability = 1e-30f;

    // Gates decide without noise at inference: they are to get used to it.
    private const float NoiseUntil = 0.15f;

    private readonly SlimmableStage[] _stages;
    private readonly ChannelHead _head;

    public SlimmableNetwork(ChannelNetOptions options)
        : base(options)
    {
        int count = 0;
        for (int i = 1; i < options.Channels.Length; i++)
        {
            count += i == 1 || options.Strides[i] > 1 ? 1 : 0;
        }

        _stages = new SlimmableStage[count];
        int first = 1;
        for (int s = 0; s < count; s++)
        {
            int end = first + 1;
            while (end < options.Channels.Length && options.Strides[end] == 1)
            {
                end++;
            }

            SlimmableConvBlock[] blocks = new SlimmableConvBlock[end - first];
            for (int i = 0; i < blocks.Length; i++)
            {
                blocks[i] = ChannelNet.Nested(options, first + i);
            }

            WidthGate gate = new(options.Channels[first - 1], options.GateUnits, options.Widths, new GumbelSoftmaxRelaxation(noiseUntil: NoiseUntil));
            _stages[s] = Add("stage" + s.ToString(CultureInfo.InvariantCulture), new SlimmableStage(gate, options.Channels[first - 1], blocks));
            first = end;
        }

        _head = Add("head", new ChannelHead(options.Channels[^1], options.Classes));
    }

    public override long CountMacs(Shape input)
    {
        long macs = Stem.CountMacs(input);
        Shape shape = Stem.OutputShape(input);
        foreach (SlimmableStage stage in _stages)
        {
            macs += stage.CountMacs(shape);
            shape = stage.OutputShape(shape);
        }

        return macs + _head.CountMacs(shape);
    }

    protected override Tensor Run(Context context, Tensor input)
    {
        if (Skips(context))
        {
            return OneByOne(context, input);
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor seen = Stem.Forward(context, input);
        if (context.Mode == Mode.Train && context.Progress < Options.WarmUp)
        {
            int full = Options.Widths - 1;
            Tensor answers = RunWidth(context, seen, full);
            if (context.Ledger is not null && full > 0)
            {
                int random = context.Random.Stream("sandwich").Integer(full, context.Step, 0, 0);
                Tensor other = random == 0 ? answers : RunWidth(context, seen, random);
                Tensor narrow = context.Distillation(RunWidth(context, seen, 0), Ensemble(context, answers, other), Temperature);
                Tensor term = random == 0 ? narrow : context.Add(narrow, context.Distillation(other, answers, Temperature));
                context.AddLossTerm("sandwich", Number, term.Reshape(new Shape(1)));
            }

            return scope.Keep(answers);
        }

        foreach (SlimmableStage stage in _stages)
        {
            seen = stage.Forward(context, seen);
        }

        return scope.Keep(_head.Forward(context, seen));
    }

    protected override Tensor RunOne(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor current = Stem.Forward(context, input);
        int width = 0;
        foreach (SlimmableStage stage in _stages)
        {
            current = stage.ForwardChosen(context, current, width, out width);
        }

        return scope.Keep(Classify(context, current));
    }

    private Tensor RunWidth(Context context, Tensor input, int width)
    {
        Tensor current = input;
        for (int s = 0; s < _stages.Length; s++)
        {
            current = _stages[s].Forward(context, current, s == 0 ? 0 : width, width);
        }

        return Classify(context, current);
    }

    // Logits of the mean of two answers' probabilities at the temperature: T·log of it. Numbers, as no gradient goes into what teaches.
    private static Tensor Ensemble(Context context, Tensor first, Tensor second)
    {
        Tape? tape = context.Tape;
        context.Tape = null;
        Tensor sum = context.Add(context.Softmax(first, Temperature), context.Softmax(second, Temperature));
        Tensor logits = context.Scale(context.Log(context.Clamp(context.Scale(sum, 0.5f), LeastProbability, 1)), Temperature);
        context.Tape = tape;
        return logits;
    }

    private Tensor Classify(Context context, Tensor maps)
    {
        Selection has = maps.Shape[3] == Options.Channels[^1] ? default : context.Workspace.SelectFirst(Options.Channels[^1], [maps.Shape[3]]);
        return _head.Forward(context, maps, has);
    }
}
