using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tests.Kernels.Convolution;

namespace ManagedDyn.Tests.Operators;

/// <summary>
/// A random convolution of a batch with random selections, and its derivatives: central differences of the scalar reference, run in double on
/// inputs whose dropped channels are zero. The loss is linear in each operand, so the differences are exact but for rounding.
/// </summary>
internal sealed class ConvolutionCase
{
    // Each costs two runs of the reference.
    private const int MostDifferences = 60;

    private readonly int _seed;
    private readonly float[] _input;
    private readonly int[][]? _pixels;
    private readonly int[][]? _inputs;
    private readonly int[][]? _outputs;
    private readonly bool _compactPixels;
    private readonly bool _compactInputs;
    private readonly bool _compactOutputs;

    public ConvolutionCase(int seed)
    {
        _seed = seed;
        var random = new ConvolutionCases.Numbers(seed + 31);
        int groups = random.Next(3) == 0 ? random.Next(2, 4) : 1;
        int kernelHeight = random.Next(1, 4), kernelWidth = random.Next(1, 4), pad = random.Next(2);
        int inPerGroup = random.Next(1, 5), outPerGroup = random.Next(4) == 0 ? random.Next(15, 20) : random.Next(1, 5);
        if (random.Next(5) == 0)
        {
            (inPerGroup, outPerGroup) = (1, 1);
        }

        Geometry = new ConvolutionGeometry(
            groups * inPerGroup, groups * outPerGroup, kernelHeight, kernelWidth, kernelHeight + random.Next(4), kernelWidth + random.Next(4),
            random.Next(1, 3), random.Next(1, 3), pad, random.Next(2), random.Next(2), pad, 1, 1, groups);
        Batch = random.Next(1, 4);
        _input = ConvolutionCases.Values(Batch * Geometry.InElements, seed);
        Weight = ConvolutionCases.Values(Geometry.WeightElements, seed + 1);
        Bias = ConvolutionCases.Values(Geometry.OutChannels, seed + 2);
        _pixels = random.Next(2) == 0 ? null : Rows(Batch, Geometry.OutPixels, false, random);
        _compactPixels = random.Next(2) == 0;
        _compactInputs = random.Next(2) == 0;
        _compactOutputs = random.Next(2) == 0;
        _inputs = random.Next(3) > 0 ? null : Rows(random.Next(2) == 0 ? 1 : Batch, Geometry.InChannels, _compactInputs, random);
        _outputs = random.Next(3) > 0 ? null : Rows(random.Next(2) == 0 ? 1 : Batch, Geometry.OutChannels, _compactOutputs, random);
    }

    private ConvolutionCase(ConvolutionCase whole, int sample)
    {
        _seed = whole._seed;
        Geometry = whole.Geometry;
        Batch = 1;
        _input = whole._input.AsSpan(sample * Geometry.InElements, Geometry.InElements).ToArray();
        Weight = whole.Weight;
        Bias = whole.Bias;
        _pixels = whole._pixels is null ? null : [whole._pixels[sample]];
        _inputs = whole._inputs is null ? null : [Row(whole._inputs, sample)];
        _outputs = whole._outputs is null ? null : [Row(whole._outputs, sample)];
        (_compactPixels, _compactInputs, _compactOutputs) = (whole._compactPixels, whole._compactInputs, whole._compactOutputs);
    }

    public ConvolutionGeometry Geometry { get; }

    public int Batch { get; }

    public float[] Weight { get; }

    public float[] Bias { get; }

    public Shape WeightShape => new(Geometry.OutChannels, Geometry.InChannelsPerGroup, Geometry.KernelHeight, Geometry.KernelWidth);

    public int ActiveCount
    {
        get
        {
            int count = 0;
            ForEachActive((_, _, _, _) => count++);
            return count;
        }
    }

    public ConvolutionCase Only(int sample) => new(this, sample);

    public Conv2dSelection Select(Context context) => new()
    {
        Pixels = Make(context, _pixels, Geometry.OutPixels),
        InChannels = Make(context, _inputs, Geometry.InChannels),
        OutChannels = Make(context, _outputs, Geometry.OutChannels),
        CompactPixels = _compactPixels,
        CompactInChannels = _compactInputs,
        CompactOutChannels = _compactOutputs,
    };

    /// <summary>The input as the operator takes it: only the selected channels when they are compact.</summary>
    public Tensor NarrowInput()
    {
        if (_inputs is null || !_compactInputs)
        {
            return Tensor.From(new Shape(Batch, Geometry.InHeight, Geometry.InWidth, Geometry.InChannels), _input);
        }

        List<float> values = [];
        for (int row = 0; row < Batch * Geometry.InPixels; row++)
        {
            foreach (int channel in Row(_inputs, row / Geometry.InPixels))
            {
                values.Add(_input[(row * Geometry.InChannels) + channel]);
            }
        }

        return Tensor.From(new Shape(Batch, Geometry.InHeight, Geometry.InWidth, _inputs[0].Length), values.ToArray());
    }

    /// <summary>Calls with sample, pixel, channel and place in the output for all that is computed.</summary>
    public void ForEachActive(Action<int, int, int, int> visit)
    {
        int width = _outputs is not null && _compactOutputs ? _outputs[0].Length : Geometry.OutChannels;
        int rank = 0;
        for (int sample = 0; sample < Batch; sample++)
        {
            foreach (int pixel in _pixels is null ? Everything(Geometry.OutPixels) : _pixels[sample])
            {
                int row = _pixels is not null && _compactPixels ? rank++ : (sample * Geometry.OutPixels) + pixel;
                int[] channels = _outputs is null ? Everything(Geometry.OutChannels) : Row(_outputs, sample);
                for (int i = 0; i < channels.Length; i++)
                {
                    visit(sample, pixel, channels[i], (row * width) + (_outputs is not null && _compactOutputs ? i : channels[i]));
                }
            }
        }
    }

    public int OutputStart(int sample)
    {
        int width = _outputs is not null && _compactOutputs ? _outputs[0].Length : Geometry.OutChannels;
        int rows = 0;
        for (int i = 0; i < sample; i++)
        {
            rows += _pixels is not null && _compactPixels ? _pixels[i].Length : Geometry.OutPixels;
        }

        return rows * width;
    }

    public long ActiveMacs(int sample)
    {
        long macs = 0;
        ForEachActive((at, _, channel, _) =>
        {
            int group = channel / Geometry.OutChannelsPerGroup;
            int[] inputs = _inputs is null ? Everything(Geometry.InChannels) : Row(_inputs, sample);
            foreach (int input in inputs)
            {
                macs += at == sample && input / Geometry.InChannelsPerGroup == group ? Geometry.Taps : 0;
            }
        });
        return macs;
    }

    /// <summary>The output's co-vector as dense maps, zero where nothing was computed.</summary>
    public double[] WideCovector(float[] covector)
    {
        var wide = new double[Batch * Geometry.OutElements];
        ForEachActive((sample, pixel, channel, at) => wide[(((sample * Geometry.OutPixels) + pixel) * Geometry.OutChannels) + channel] = covector[at]);
        return wide;
    }

    /// <summary>Derivatives of about <see cref="MostDifferences"/> elements; NaN for the others.</summary>
    public double[] InputGradient(double[] covector)
    {
        double[] input = KeptInput(), weight = ConvolutionCases.Doubles(Weight);
        double[] full = Differences(input, () => Loss(input, weight, covector));
        List<double> narrow = [];
        for (int row = 0; row < Batch * Geometry.InPixels; row++)
        {
            int[] only = _inputs is null ? Everything(Geometry.InChannels) : Row(_inputs, row / Geometry.InPixels);
            for (int channel = 0; channel < Geometry.InChannels; channel++)
            {
                bool isActive = Array.IndexOf(only, channel) >= 0;
                if (isActive || _inputs is null || !_compactInputs)
                {
                    narrow.Add(isActive ? full[(row * Geometry.InChannels) + channel] : 0);
                }
            }
        }

        return [.. narrow];
    }

    /// <summary>As <see cref="InputGradient"/>.</summary>
    public double[] WeightGradient(double[] covector)
    {
        double[] input = KeptInput(), weight = ConvolutionCases.Doubles(Weight);
        return Differences(weight, () => Loss(input, weight, covector));
    }

    public double[] BiasGradient(double[] covector)
    {
        var sums = new double[Geometry.OutChannels];
        for (int i = 0; i < covector.Length; i++)
        {
            sums[i % Geometry.OutChannels] += covector[i];
        }

        return sums;
    }

    public override string ToString() =>
        $"seed {_seed}, batch {Batch}, {Geometry}, pixels {_pixels is not null} {_compactPixels}, in {_inputs?.Length} {_compactInputs}, out {_outputs?.Length} {_compactOutputs}";

    private static double[] Differences(double[] values, Func<double> loss)
    {
        const double Step = 0.5;
        var gradient = new double[values.Length];
        Array.Fill(gradient, double.NaN);
        for (int i = 0; i < values.Length; i += 1 + (values.Length / MostDifferences))
        {
            double value = values[i];
            values[i] = value + Step;
            double up = loss();
            values[i] = value - Step;
            gradient[i] = (up - loss()) / (2 * Step);
            values[i] = value;
        }

        return gradient;
    }

    private double Loss(double[] input, double[] weight, double[] covector)
    {
        double loss = 0;
        var output = new double[Geometry.OutElements];
        for (int sample = 0; sample < Batch; sample++)
        {
            ConvolutionReference.Forward<double>(Geometry, input.AsSpan(sample * Geometry.InElements, Geometry.InElements), weight, output);
            for (int i = 0; i < output.Length; i++)
            {
                loss += output[i] * covector[(sample * output.Length) + i];
            }
        }

        return loss;
    }

    private double[] KeptInput()
    {
        var kept = new double[_input.Length];
        for (int row = 0; row < Batch * Geometry.InPixels; row++)
        {
            foreach (int channel in _inputs is null ? Everything(Geometry.InChannels) : Row(_inputs, row / Geometry.InPixels))
            {
                kept[(row * Geometry.InChannels) + channel] = _input[(row * Geometry.InChannels) + channel];
            }
        }

        return kept;
    }

    private static Selection Make(Context context, int[][]? rows, int universe)
    {
        if (rows is null)
        {
            return default;
        }

        List<int> offsets = [0];
        List<int> indices = [];
        foreach (int[] row in rows)
        {
            indices.AddRange(row);
            offsets.Add(indices.Count);
        }

        return context.Workspace.Select(universe, offsets.ToArray(), indices.ToArray());
    }

    private static int[] Row(int[][] rows, int sample) => rows.Length == 1 ? rows[0] : rows[sample];

    // Compact channels must be as many in each row.
    private static int[][] Rows(int count, int universe, bool isSameLength, ConvolutionCases.Numbers random)
    {
        var rows = new int[count][];
        int length = random.Next(universe + 1);
        for (int row = 0; row < count; row++)
        {
            length = isSameLength ? length : random.Next(universe + 1);
            SortedSet<int> set = [];
            while (set.Count < length)
            {
                set.Add(random.Next(universe));
            }

            rows[row] = [.. set];
        }

        return rows;
    }

    private static int[] Everything(int universe)
    {
        var list = new int[universe];
        for (int i = 0; i < universe; i++)
        {
            list[i] = i;
        }

        return list;
    }
}
