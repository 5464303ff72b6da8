using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.InstanceWise.DynamicRouting;
using ManagedDyn.Layers.Mechanisms;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A shared trunk, a gate, and branches of which each input takes some (Mullapudi et al., "HydraNets: specialized dynamic architectures for efficient
/// inference", CVPR 2018, section 3); see <see cref="MultiBranch"/>.
/// </summary>
public static class HydraNet
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(HydraNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        List<Layer> layers = ResidualTrunk.Create(options.InputChannels, options.Channels);
        Layer[] branches = new Layer[options.Branches];
        for (int i = 0; i < branches.Length; i++)
        {
            List<Layer> branch = [new ResidualBlock(options.Channels[^1], options.BranchChannels, 2)];
            for (int block = 1; block < options.BranchBlocks; block++)
            {
                branch.Add(new ResidualBlock(options.BranchChannels, options.BranchChannels));
            }

            branch.Add(new GlobalAveragePool());
            branches[i] = new Sequential([.. branch]);
        }

        layers.Add(new MultiBranch(new BranchGate(options.Channels[^1], options.Branches, options.Active, softShare: options.SoftShare), branches));
        layers.Add(new Linear(options.BranchChannels, options.Classes));
        return new SingleStage(new Shape(options.Height, options.Width, options.InputChannels), new Sequential([.. layers])) { Recipe = options };
    }
}
