using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.InstanceWise.DynamicParameters;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Residual networks of basic blocks (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016) whose 3 × 3 convolutions have kernels made for
/// each sample, or by a hypernetwork: see <see cref="DynamicConvKind"/>. Stem, shortcuts and classifier are static.
/// </summary>
public static class DynamicConvResNet
{
    private const int LeastWidth = 4;

    /// <summary>A network of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static IntermediateClassifiers Create(DynamicConvResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        KernelMaker maker = new(options);
        int channels = options.Channels[0];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            for (int block = 0; block < options.Blocks[group]; block++)
            {
                int wider = options.Channels[group];
                DynamicKernelLayer first = maker.Make(channels, wider, group > 0 && block == 0 ? 2 : 1);
                layers.Add(new DynamicResidualBlock(first, maker.Make(wider, wider, 1)));
                channels = wider;
            }
        }

        Layer classifier = new Sequential(new GlobalAveragePool(), new Linear(channels, options.Classes));
        Shape sample = new(options.Height, options.Width, options.InputChannels);
        return new IntermediateClassifiers(sample, [new Sequential([.. layers])], [classifier]) { Recipe = options };
    }

    // One hypernetwork makes all kernels; the first layer that uses it lists its parameters.
    private sealed class KernelMaker(DynamicConvResNetOptions options)
    {
        private KernelGenerator? _generator;

        public DynamicKernelLayer Make(int inChannels, int outChannels, int stride) => options.Kind switch
        {
            DynamicConvKind.CondConv => new CondConv(inChannels, outChannels, 3, options.Experts, stride),
            DynamicConvKind.DyCnn => new DynamicConvolution(inChannels, outChannels, 3, options.Experts, Reduced(inChannels), stride, bias: false),
            DynamicConvKind.WeightNet => new WeightNet(inChannels, outChannels, 3, options.Experts, options.Experts, Reduced(inChannels), stride),
            DynamicConvKind.DynamicFilter => new DynamicFilterConvolution(inChannels, outChannels, 3, hidden: Reduced(inChannels), stride: stride)
            {
                NormalizesFilters = false,
            },
            _ => Hyper(inChannels, outChannels, stride),
        };

        private HyperConvolution Hyper(int inChannels, int outChannels, int stride)
        {
            bool owns = _generator is null;
            int width = options.Channels[0];
            _generator ??= new KernelGenerator(width, width, 3, Reduced(4 * width), Reduced(4 * width));
            return new HyperConvolution(_generator, owns, inChannels, outChannels, stride);
        }

        private int Reduced(int channels) => Math.Max(LeastWidth, channels / options.Reduction);
    }
}
