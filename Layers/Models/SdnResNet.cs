using System;
using System.Globalization;
using ManagedDyn.Layers.InstanceWise.DynamicDepth;

namespace ManagedDyn.Layers.Models;

/// <summary>A residual network with the internal classifiers of shallow-deep networks (Kaya et al., "Shallow-Deep Networks", ICML 2019) after some blocks.</summary>
public static class SdnResNet
{
    /// <summary>Makes a network; all of it is trained together.</summary>
    /// <param name="options">The sizes.</param>
    public static IntermediateClassifiers Create(SdnResNetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();

        // The stem is layer 0 of the only segment, and block b layer b.
        string[] paths = Array.ConvertAll(options.After, static block => "segment0." + block.ToString(CultureInfo.InvariantCulture));
        IntermediateClassifiers attached = IntermediateClassifiers.Attach(ResNet.Create(options.Backbone), paths, options.PooledSize);
        return new IntermediateClassifiers(attached.SampleShape, attached.Segments, attached.Exits) { Recipe = options };
    }
}
