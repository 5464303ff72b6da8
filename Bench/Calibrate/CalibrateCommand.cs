using System;
using System.Collections.Generic;
using ManagedDyn.Bench.Compare;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Kernels.Convolution.Winograd;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Bench.Calibrate;

/// <summary>
/// Measures convolutions in each arithmetic, fits the numbers of <see cref="ConvolutionCosts"/> to the times, and says for each layer what the numbers in
/// use choose and how much longer that takes than the best: `calibrate [SECONDS]`.
/// </summary>
internal static class CalibrateCommand
{
    private static readonly (int In, int Out, int Size)[] Layers =
    [
        (8, 8, 32), (16, 16, 32), (16, 16, 56), (16, 32, 28), (24, 24, 28), (32, 32, 8), (32, 32, 14), (32, 32, 56), (48, 64, 14), (64, 64, 7), (64, 64, 14),
        (64, 64, 56), (96, 96, 28), (128, 128, 7), (128, 128, 14), (128, 128, 28), (256, 256, 7), (256, 256, 14), (256, 256, 28), (512, 512, 7), (512, 512, 14),
        (20, 30, 15), (16, 64, 4), (128, 128, 2),
    ];

    public static int Run(ReadOnlySpan<string> arguments)
    {
        double seconds = 0.2;
        if (arguments.Length > 1
            || (arguments.Length == 1 && !(double.TryParse(arguments[0], System.Globalization.CultureInfo.InvariantCulture, out seconds) && seconds > 0)))
        {
            Console.Error.WriteLine("usage: calibrate [SECONDS]");
            return 2;
        }

        Console.WriteLine(Machine.Describe());
        List<(double Steps, ConvolutionCosts Counts, double Milliseconds)> samples = [];
        foreach ((int inChannels, int outChannels, int size) in Layers)
        {
            ConvolutionGeometry geometry = new(inChannels, outChannels, 3, 3, size, size, 1, 1, 1, 1, 1, 1);
            double[] times = Measure(geometry, seconds);
            int two = WinogradConvolution.TileCount(in geometry, WinogradForm.F2);
            int four = WinogradConvolution.TileCount(in geometry, WinogradForm.F4);
            Add(samples, ConvolutionCosts.CountDirect(in geometry, geometry.OutPixels), times[0]);
            Add(samples, ConvolutionCosts.CountTiles(in geometry, WinogradForm.F2, two), times[1]);
            Add(samples, ConvolutionCosts.CountTiles(in geometry, WinogradForm.F4, four), times[2]);
            WinogradForm? form = ConvolutionCosts.Choose(in geometry);
            double chosen = times[form is null ? 0 : form == WinogradForm.F2 ? 1 : 2];
            double best = Math.Min(times[0], Math.Min(times[1], times[2]));
            Console.WriteLine(FormattableString.Invariant(
                $"{inChannels,4} → {outChannels,-4} {size,3}×{size,-3} direct {times[0],8:F4} ms  F2 {times[1],8:F4}  F4 {times[2],8:F4}  chosen {form?.ToString() ?? "direct",-6} {chosen / best,6:F3} of the best"));
        }

        double[] fit = LeastSquares.Fit(samples);
        Console.WriteLine(FormattableString.Invariant(
            $"fitted for {System.Numerics.Vector<float>.Count} lanes: pixelPanel: {fit[1]:F1}, tileInput: {fit[2]:F1}, tilePanel: {fit[3]:F1}, weightRow: {fit[4]:F1}; a step takes {fit[0] * 1e6:F3} ns"));
        ConvolutionCosts table = ConvolutionCosts.Table;
        Console.WriteLine(FormattableString.Invariant(
            $"in use:                pixelPanel: {table.PixelPanel:F1}, tileInput: {table.TileInput:F1}, tilePanel: {table.TilePanel:F1}, weightRow: {table.WeightRow:F1}"));
        return 0;
    }

    private static void Add(
        List<(double Steps, ConvolutionCosts Counts, double Milliseconds)> samples, (double Steps, ConvolutionCosts Counts) work, double milliseconds) =>
        samples.Add((work.Steps, work.Counts, milliseconds));

    private static double[] Measure(ConvolutionGeometry geometry, double seconds)
    {
        Tensor input = Filled(geometry.InElements, 1);
        Tensor output = Tensor.Zeros(new Shape(geometry.OutElements));
        Tensor panels = Tensor.Zeros(new Shape(ConvolutionWeights.PackedLength(in geometry)));
        ConvolutionWeights.Pack(in geometry, Filled(geometry.WeightElements, 2).Span, panels.Span);
        Tensor scratch = Tensor.Zeros(new Shape(IndirectConvolution.ScratchLength(in geometry, false)));
        Action direct = () =>
        {
            ConvolutionSelection all = default;
            Epilogue none = default;
            IndirectConvolution.Forward(in geometry, input.Span, panels.Span, output.Span, in all, in none, scratch.Span);
        };
        return Interleaved.Medians(
            seconds, direct, Tiles(geometry, WinogradForm.F2, input, panels, output), Tiles(geometry, WinogradForm.F4, input, panels, output));
    }

    private static Action Tiles(ConvolutionGeometry geometry, WinogradForm form, Tensor input, Tensor panels, Tensor output)
    {
        Tensor packed = Tensor.Zeros(new Shape(WinogradWeights.PackedLength(in geometry, form)));
        WinogradWeights.Pack(in geometry, form, panels.Span, packed.Span);
        Tensor scratch = Tensor.Zeros(new Shape(WinogradConvolution.ScratchLength(in geometry, form)));
        return () =>
        {
            WinogradTiles all = WinogradTiles.All;
            Epilogue none = default;
            WinogradConvolution.Forward(in geometry, form, 1, input.Span, packed.Span, output.Span, in all, in none, scratch.Span, .., ..);
        };
    }

    private static Tensor Filled(int count, int seed)
    {
        Tensor tensor = Tensor.Zeros(new Shape(count));
        Numbers.Random(count, seed).CopyTo(tensor.Span);
        return tensor;
    }
}
