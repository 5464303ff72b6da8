using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Decisions.Relaxations;
using ManagedDyn.Layers.InstanceWise.DynamicWidth;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Dynamic slimmable network (Li et al., CVPR 2021): convolutions of several widths, and gates that choose one for each stage. In the first part of training the
/// full width answers, and the narrowest and a random one learn from it; afterwards the gates choose.
/// </summary>
/// <remarks>
/// Stages begin at strided convolutions, the first behind the stem. Asks for the term "sandwich" of the loss: T²·KL of the full width's answer against those of the
/// narrowest and of a random width, with no gradient into the former (Yu and Huang, "Universally slimmable networks", ICCV 2019, section 4). Deviations: DS-Net
/// distils from an ensemble of widths, and freezes the weights while gates are trained; here they go on learning.
/// </remarks>
internal sealed class SlimmableNetwork : ChannelChain
{
    private const float Temperature = 2;

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
                Tensor narrow = context.Distillation(RunWidth(context, seen, 0), answers, Temperature);
                Tensor other = random == 0 ? narrow : context.Distillation(RunWidth(context, seen, random), answers, Temperature);
                context.AddLossTerm("sandwich", Number, context.Add(narrow, other).Reshape(new Shape(1)));
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

    private Tensor Classify(Context context, Tensor maps)
    {
        Selection has = maps.Shape[3] == Options.Channels[^1] ? default : context.Workspace.SelectFirst(Options.Channels[^1], [maps.Shape[3]]);
        return _head.Forward(context, maps, has);
    }
}
