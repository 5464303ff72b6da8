using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// One layer of an <see cref="MsdNet"/>: in each scale that goes on it adds new channels to those there are,
/// x_s ← [x_s, down_s(x_{s−1}), same_s(x_s)]; where there is no finer scale, x_s ← [x_s, same_s(x_s)]. It may give up the finest scale, and then
/// narrows the others by 1×1 convolutions.
/// </summary>
internal sealed class MsdNetLayer : Module
{
    private readonly int _firstScale;
    private readonly bool _drops;
    private readonly Layer?[] _down;
    private readonly Layer[] _same;
    private readonly Layer?[] _transition;

    /// <summary>Makes a layer and brings the list of channels up to date.</summary>
    /// <param name="options">The network's sizes.</param>
    /// <param name="firstScale">The finest scale that the layer is given.</param>
    /// <param name="drops">Whether that scale ends here.</param>
    /// <param name="channels">The channels of each scale, before and then after this layer.</param>
    public MsdNetLayer(MsdNetOptions options, int firstScale, bool drops, int[] channels)
    {
        _firstScale = firstScale;
        _drops = drops;
        int scales = options.Scales;
        _down = new Layer?[scales];
        _same = new Layer[scales];
        _transition = new Layer?[scales];
        int[] before = (int[])channels.Clone();
        for (int s = OutputScale; s < scales; s++)
        {
            int growth = options.GrowthRate * options.GrowthFactors[s];
            bool hasFiner = s > firstScale;
            int same = hasFiner ? growth - (growth / 2) : growth;
            _same[s] = Add(Name("same", s), Path(before[s], same, 1, options.BottleneckFactors[s]));
            if (hasFiner)
            {
                _down[s] = Add(Name("down", s), Path(before[s - 1], growth / 2, 2, options.BottleneckFactors[s]));
            }

            channels[s] = before[s] + growth;
            if (drops)
            {
                int narrowed = Math.Max(1, (int)(channels[s] * options.Reduction));
                _transition[s] = Add(Name("transition", s), new ConvBlock(channels[s], narrowed, kernel: 1));
                channels[s] = narrowed;
            }
        }
    }

    /// <summary>The finest scale that the layer gives.</summary>
    public int OutputScale => _firstScale + (_drops ? 1 : 0);

    /// <summary>The MACs of the layer for one sample; brings the list of shapes up to date.</summary>
    /// <param name="shapes">The shape of each scale, before and then after this layer.</param>
    public long CountMacs(Shape[] shapes)
    {
        long macs = 0;
        for (int s = shapes.Length - 1; s >= OutputScale; s--)
        {
            Shape same = _same[s].OutputShape(shapes[s]);
            macs += _same[s].CountMacs(shapes[s]);
            int channels = shapes[s][3] + same[3];
            if (_down[s] is { } down)
            {
                macs += down.CountMacs(shapes[s - 1]);
                channels += down.OutputShape(shapes[s - 1])[3];
            }

            shapes[s] = same.With(3, channels);
            if (_transition[s] is { } transition)
            {
                macs += transition.CountMacs(shapes[s]);
                shapes[s] = transition.OutputShape(shapes[s]);
            }
        }

        return macs;
    }

    /// <summary>Runs the layer on the features in the state's slots, one slot a scale.</summary>
    public void Run(Context context, StageState state)
    {
        // From coarse to fine: each scale needs the finer one as it was before this layer.
        for (int s = _same.Length - 1; s >= OutputScale; s--)
        {
            Tensor output;
            using (WorkspaceScope scope = context.Workspace.Enter())
            {
                Tensor same = _same[s].Forward(context, state[s]);
                Tensor joined = _down[s] is { } down
                    ? context.Concat(3, state[s], down.Forward(context, state[s - 1]), same)
                    : context.Concat(3, state[s], same);
                output = scope.Keep(_transition[s] is { } transition ? transition.Forward(context, joined) : joined);
            }

            state.Set(context, s, output);
        }

        if (_drops)
        {
            state.Set(context, _firstScale, default);
        }
    }

    private static string Name(string path, int scale) => path + scale.ToString(CultureInfo.InvariantCulture);

    private static Sequential Path(int inChannels, int outChannels, int stride, int bottleneckFactor)
    {
        int inner = Math.Min(inChannels, bottleneckFactor * outChannels);
        return new Sequential(
            new ConvBlock(inChannels, inner, kernel: 1),
            new ConvBlock(inner, outChannels, kernel: 3, stride: stride));
    }
}
