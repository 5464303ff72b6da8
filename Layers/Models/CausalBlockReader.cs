using System;
using System.Globalization;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Causal convolutions, y_i = relu(norm(x_i ⊛ W_i)), x_{i+1} = x_i + y_i behind the first, with 2^i steps between the taps of layer i, and the largest value of each
/// channel of the last y over all steps so far. Each layer keeps the steps that its next block reaches back to, so that blocks give the bits of the whole sequence.
/// </summary>
internal sealed class CausalBlockReader : BlockReader
{
    private readonly Conv1d[] _convolutions;
    private readonly LayerNorm[] _norms;
    private readonly int[] _reaches;
    private readonly int[] _widths;

    public CausalBlockReader(EarlyStopOptions options, int inFeatures)
    {
        _convolutions = new Conv1d[options.Layers];
        _norms = new LayerNorm[options.Layers];
        _reaches = new int[options.Layers];
        _widths = new int[options.Layers];
        Features = options.Units;
        for (int i = 0; i < _convolutions.Length; i++)
        {
            string index = i.ToString(CultureInfo.InvariantCulture);
            _widths[i] = i == 0 ? inFeatures : options.Units;
            _reaches[i] = (options.Kernel - 1) << i;
            _convolutions[i] = Add("conv" + index, new Conv1d(_widths[i], options.Units, options.Kernel, padding: 0, dilation: 1 << i));
            _norms[i] = Add("norm" + index, new LayerNorm(options.Units));
        }
    }

    public override int Slots => 1 + _convolutions.Length;

    public override int Features { get; }

    public override int MemoryLength
    {
        get
        {
            int length = Features;
            for (int i = 0; i < _convolutions.Length; i++)
            {
                length += _reaches[i] * _widths[i];
            }

            return length;
        }
    }

    public override long MacsOf(int steps)
    {
        long macs = 0;
        for (int i = 0; i < _convolutions.Length; i++)
        {
            macs += _convolutions[i].CountMacs(new Shape(1, steps + _reaches[i], _widths[i]));
        }

        return macs;
    }

    public override void Begin(Context context, Span<Tensor> memory, int samples)
    {
        memory[0] = context.Workspace.RentZeros(new Shape(samples, Features));
        for (int i = 0; i < _convolutions.Length; i++)
        {
            memory[1 + i] = _reaches[i] == 0 ? default : context.Workspace.RentZeros(new Shape(samples, _reaches[i], _widths[i]));
        }
    }

    public override void Read(Context context, Span<Tensor> memory, Tensor block, Selection steps)
    {
        if (context.Tape is null && !steps.IsAll)
        {
            Each(context, memory, block, steps);
        }
        else
        {
            Together(context, memory, block, steps);
        }
    }

    private void Together(Context context, Span<Tensor> memory, Tensor block, Selection steps)
    {
        (int samples, int count) = (block.Shape[0], block.Shape[1]);
        Tensor x = block;
        Tensor y = block;
        for (int i = 0; i < _convolutions.Length; i++)
        {
            Tensor seen = _reaches[i] == 0 ? x : context.Concat(1, memory[1 + i], x);
            if (_reaches[i] > 0)
            {
                memory[1 + i] = context.Slice(seen, 1, count, _reaches[i]);
            }

            y = context.Relu(_norms[i].Forward(context, _convolutions[i].Forward(context, seen)));
            x = i > 0 ? context.Add(x, y) : y;
        }

        // What lies behind a sample's end is left out: 0 is the least that a rectifier lets pass.
        y = steps.IsAll ? y : context.Multiply(y, context.MaskOf(steps).Reshape(new Shape(samples, count, 1)));
        memory[0] = context.Maximum(memory[0], context.Max(y, 1));
    }

    // Each sample by itself, on the steps that it has: the bits are the same, and padding costs nothing.
    private void Each(Context context, Span<Tensor> memory, Tensor block, Selection steps)
    {
        Memory after = default;
        for (int slot = 0; slot < memory.Length; slot++)
        {
            after[slot] = memory[slot].Exists ? context.Workspace.RentCopy(memory[slot].Shape, memory[slot].Span) : default;
        }

        (int samples, int count) = (block.Shape[0], block.Shape[1]);
        Selection outer = context.Samples;
        try
        {
            for (int n = 0; n < samples; n++)
            {
                using WorkspaceScope scope = context.Workspace.Enter();
                int own = steps.RowCount(n);
                context.Samples = outer;
                context.CountRow(n, 0, MacsOf(count) - (own == 0 ? 0 : MacsOf(own)));
                if (own == 0)
                {
                    continue;
                }

                context.Samples = context.Workspace.Select(outer.IsAll ? samples : outer.Universe, [context.SampleOf(n)]);
                Memory room = default;
                Span<Tensor> one = ((Span<Tensor>)room)[..memory.Length];
                for (int slot = 0; slot < one.Length; slot++)
                {
                    one[slot] = memory[slot].Exists ? memory[slot].Rows(n, 1) : default;
                }

                Together(context, one, context.Slice(block.Rows(n, 1), 1, 0, own), default);
                for (int slot = 0; slot < one.Length; slot++)
                {
                    if (one[slot].Exists)
                    {
                        one[slot].Span.CopyTo(after[slot].Rows(n, 1).Span);
                    }
                }
            }
        }
        finally
        {
            context.Samples = outer;
        }

        for (int slot = 0; slot < memory.Length; slot++)
        {
            memory[slot] = after[slot];
        }
    }

    public override Tensor FeaturesOf(Context context, Tensor slot) => slot;
}
