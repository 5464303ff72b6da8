using System;
using ManagedDyn.Layers.Mechanisms;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A classifier of sequences whose recurrent layer skips: vectors of tokens (or features), a Skip RNN (Campos et al., ICLR 2018) or Skim-RNN (Seo et al., ICLR 2018),
/// its last state, and a linear answer; or the same without skipping, to be compared with.
/// </summary>
public static class SkipLstm
{
    /// <summary>The network, of one stage.</summary>
    /// <param name="options">The sizes.</param>
    public static SingleStage Create(SkipLstmOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new SingleStage(options.SampleShape, new RecurrentClassifier(options)) { Recipe = options };
    }
}
