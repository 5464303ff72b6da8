using static TorchSharp.torch;

namespace ManagedDyn.Bench.Peers;

/// <summary>The basic residual block, as <see cref="Layers.Static.ResidualBlock"/> has it.</summary>
internal sealed class TorchResidualBlock : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> _body;
    private readonly nn.Module<Tensor, Tensor>? _shortcut;

    public TorchResidualBlock(int inChannels, int outChannels, int stride)
        : base(nameof(TorchResidualBlock))
    {
        _body = nn.Sequential(
            ("conv0", nn.Conv2d(inChannels, outChannels, 3, stride: stride, padding: 1, bias: false)),
            ("norm0", nn.BatchNorm2d(outChannels)),
            ("relu", nn.ReLU()),
            ("conv1", nn.Conv2d(outChannels, outChannels, 3, padding: 1, bias: false)),
            ("norm1", nn.BatchNorm2d(outChannels)));
        _shortcut = stride == 1 && inChannels == outChannels
            ? null
            : nn.Sequential(("conv", nn.Conv2d(inChannels, outChannels, 1, stride: stride, bias: false)), ("norm", nn.BatchNorm2d(outChannels)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => nn.functional.relu(_body.forward(input) + (_shortcut is null ? input : _shortcut.forward(input)));
}
