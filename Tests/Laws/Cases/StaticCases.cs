using System.Collections.Generic;
using ManagedDyn.Engine.Kernels;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Tests.Laws.Cases;

/// <summary>Layers of Layers/Static that the laws are tested on: what dynamic layers are built of.</summary>
internal static class StaticCases
{
    public static readonly IReadOnlyList<LayerCase> All =
    [
        new("linear", typeof(Linear), () => new Linear(9, 5), 9),
        new("conv2d, 3x3 in two groups", typeof(Conv2d), () => new Conv2d(6, 4, 3, groups: 2), 5, 7, 6),
        new("conv1d", typeof(Conv1d), () => new Conv1d(4, 6, 5, 2, 3, 2, 2), 13, 4),
        new("conv block, stride 2", typeof(ConvBlock), () => new ConvBlock(3, 9, 3, stride: 2), 7, 6, 3),
        new("conv block, depthwise", typeof(ConvBlock), () => new ConvBlock(9, 9, 3, groups: 9, activation: Activation.None), 5, 6, 9),
        new("conv3d, stride 2 in space", typeof(Conv3d), () => new Conv3d(4, 6, 3, 3, stride: 2, groups: 2), 4, 5, 6, 4),
        new("conv3d, every second frame", typeof(Conv3d), () => new Conv3d(3, 5, 1, 1, frameStride: 2, bias: false), 5, 3, 4, 3),
        new("layer norm", typeof(LayerNorm), () => new LayerNorm(9), 5, 9),
        new("rnn, two layers", typeof(Rnn), () => new Rnn(4, 9, layers: 2), 5, 4),
        new("gru, both directions", typeof(Gru), () => new Gru(3, 5, isBidirectional: true), 4, 3),
        new("lstm, two layers in both directions", typeof(Lstm), () => new Lstm(3, 5, layers: 2, isBidirectional: true), 3, 3),
        new("lstm without bias", typeof(Lstm), () => new Lstm(5, 8, bias: false), 1, 5),
        new("mean of a sequence", typeof(SequencePooling), () => new SequencePooling(SequencePoolingKind.Mean), 5, 7),
        new("last of a sequence", typeof(SequencePooling), () => new SequencePooling(SequencePoolingKind.Last), 5, 7),
        new("places as waves", typeof(PositionalEncoding), () => new PositionalEncoding(6, 7), 5, 7),
        new("places trained", typeof(PositionalEncoding), () => new PositionalEncoding(6, 7, isTrained: true), 5, 7),
        new("self-attention", typeof(MultiHeadAttention), () => new MultiHeadAttention(8, 2), 5, 8),
        new("transformer layer", typeof(TransformerEncoderLayer), () => new TransformerEncoderLayer(8, 2, 12, ActivationFunction.Gelu, dropout: 0), 5, 8),
        new("transformer layer, norms first", typeof(TransformerEncoderLayer), () => new TransformerEncoderLayer(8, 2, 12, ActivationFunction.Gelu, dropout: 0.2f, hasNormsFirst: true), 5, 8),
        new("residual block", typeof(ResidualBlock), () => new ResidualBlock(4, 8, 2), 8, 6, 4),
    ];
}
