using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Attending;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>
/// The parameters of a <see cref="IChannelFunction"/>: up to three tensors, each [C] (shared by all samples), [N, C], or [N, P, C] (P parameters).
/// </summary>
internal readonly struct ChannelOperands(Tensor first, Tensor second = default, Tensor third = default)
{
    private readonly Tensor _first = first;
    private readonly Tensor _second = second;
    private readonly Tensor _third = third;

    public int Count => _third.Exists ? 3 : _second.Exists ? 2 : _first.Exists ? 1 : 0;

    /// <summary>The parameters of a channel.</summary>
    public int Parameters
    {
        get
        {
            int sum = 0;
            for (int i = 0; i < Count; i++)
            {
                sum += ParametersOf(this[i]);
            }

            return sum;
        }
    }

    public Tensor this[int index] => index switch
    {
        0 => _first,
        1 => _second,
        _ => _third,
    };

    public static int ParametersOf(Tensor operand) => operand.Shape.Rank == 3 ? operand.Shape[1] : 1;

    public static bool IsShared(Tensor operand) => operand.Shape.Rank == 1;

    public bool AreRecorded(Context context) => context.Records(_first) || context.Records(_second) || context.Records(_third);

    public void Check(int samples, int channels)
    {
        for (int i = 0; i < Count; i++)
        {
            Shape shape = this[i].Shape;
            if (shape != new Shape(channels) && shape != new Shape(samples, channels) && !(shape.Rank == 3 && shape[0] == samples && shape[2] == channels))
            {
                throw new ArgumentException($"Parameters of channels have shape {shape}; expected [{channels}], [{samples}, {channels}] or [{samples}, parameters, {channels}].");
            }
        }

        if (Parameters > ChannelMap.MaximumParameters)
        {
            throw new ArgumentException($"A channel has {Parameters} parameters; expected at most {ChannelMap.MaximumParameters}.");
        }
    }

    /// <summary>All parameters side by side, [N, P, C], or [1, P, C] when all are shared; no tensor without parameters.</summary>
    public Tensor Table(Context context, int samples, int channels)
    {
        if (Count == 0)
        {
            return default;
        }

        int parameters = Parameters;
        if (Count == 1)
        {
            return _first.Reshape(new Shape(_first.Count / Math.Max(1, parameters * channels), parameters, channels));
        }

        bool isShared = true;
        for (int i = 0; i < Count; i++)
        {
            isShared &= IsShared(this[i]);
        }

        Tensor table = context.Workspace.Rent(new Shape(isShared ? 1 : samples, parameters, channels));
        for (int sample = 0; sample < table.Shape[0]; sample++)
        {
            Span<float> target = table.Rows(sample, 1).Span;
            for (int i = 0; i < Count; i++)
            {
                Tensor operand = this[i];
                Span<float> source = IsShared(operand) ? operand.Span : operand.Rows(sample, 1).Span;
                source.CopyTo(target);
                target = target[source.Length..];
            }
        }

        return table;
    }
}
