using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// Residual networks of basic blocks (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, section 4.2): static with one
/// classifier, with a classifier after each group, or several of rising size as a cascade.
/// </summary>
public static class ResNet
{
    /// <summary>A residual network as a staged one: one stage when static, one a group with intermediate classifiers.</summary>
    /// <param name="options">The sizes.</param>
    public static IntermediateClassifiers Create(ResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> segments = [];
        List<Layer> exits = [];
        List<Layer> segment = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            AddGroup(segment, options, group);
            if (options.HasIntermediateClassifiers || group == options.Channels.Length - 1)
            {
                segments.Add(new Sequential([.. segment]));
                exits.Add(Classifier(options.Channels[group], options.Classes));
                segment.Clear();
            }
        }

        Shape sample = new(options.Height, options.Width, options.InputChannels);
        return new IntermediateClassifiers(sample, segments.ToArray(), exits.ToArray()) { Recipe = options, ExitCarry = options.ExitCarry };
    }

    /// <summary>A cascade of static residual networks, cheapest first; all take the same images and give the same classes.</summary>
    /// <param name="members">The sizes of each.</param>
    /// <exception cref="ArgumentException">There is none, or they differ in image size, channels or classes.</exception>
    public static Cascade CreateCascade(params ReadOnlySpan<ResNetOptions> members) => CreateCascade(false, members);

    /// <summary>A cascade whose exits may have gates; see <see cref="Cascade"/>.</summary>
    /// <param name="hasExitGates">Whether each exit but the last has a gate that learns when to leave.</param>
    /// <param name="members">The sizes of each.</param>
    /// <exception cref="ArgumentException">There is none, or they differ in image size, channels or classes.</exception>
    public static Cascade CreateCascade(bool hasExitGates, params ReadOnlySpan<ResNetOptions> members)
    {
        if (members.Length == 0)
        {
            throw new ArgumentException("A cascade was given no network; expected at least one.", nameof(members));
        }

        Layer[] networks = new Layer[members.Length];
        for (int i = 0; i < members.Length; i++)
        {
            ResNetOptions member = members[i];
            member.Validate();
            if ((member.Height, member.Width, member.InputChannels, member.Classes) != (members[0].Height, members[0].Width, members[0].InputChannels, members[0].Classes))
            {
                throw new ArgumentException(
                    $"Network {i} of a cascade takes {member.Height} × {member.Width} × {member.InputChannels} and gives {member.Classes} classes; expected {members[0].Height} × {members[0].Width} × {members[0].InputChannels} and {members[0].Classes}.", nameof(members));
            }

            networks[i] = WholeNetwork(member);
        }

        Shape sample = new(members[0].Height, members[0].Width, members[0].InputChannels);
        return new Cascade(sample, hasExitGates, networks) { Recipe = members.ToArray() };
    }

    private static Sequential WholeNetwork(ResNetOptions options)
    {
        List<Layer> layers = [new ConvBlock(options.InputChannels, options.Channels[0], 3, options.StemStride)];
        for (int group = 0; group < options.Channels.Length; group++)
        {
            AddGroup(layers, options, group);
        }

        layers.Add(Classifier(options.Channels[^1], options.Classes));
        return new Sequential([.. layers]);
    }

    /// <summary>Adds the blocks of a group.</summary>
    internal static void AddGroup(List<Layer> layers, ResNetOptions options, int group)
    {
        int inChannels = group == 0 ? options.Channels[0] : options.Channels[group - 1];
        for (int block = 0; block < options.Blocks[group]; block++)
        {
            int stride = group > 0 && block == 0 ? 2 : 1;
            layers.Add(new ResidualBlock(block == 0 ? inChannels : options.Channels[group], options.Channels[group], stride));
        }
    }

    /// <summary>The classifier at the end.</summary>
    internal static Sequential Classifier(int channels, int classes) => new(new GlobalAveragePool(), new Linear(channels, classes));
}
