using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Operators;

/// <summary>What the hidden state contributes to the gates of a recurrent layer, step after step: the weight is packed once for all of them.</summary>
internal readonly struct HiddenProduct
{
    private readonly Context _context;
    private readonly Tensor _weight;
    private readonly Tensor _bias;
    private readonly ConvolutionGeometry _geometry;
    private readonly Tensor _panels;

    /// <summary>Packs the weight, if it serves more than one step.</summary>
    /// <param name="context">The context.</param>
    /// <param name="weight">W_hh, [gates · H, H].</param>
    /// <param name="bias">b_hh, [gates · H]; none: zeros.</param>
    /// <param name="steps">The number of time steps.</param>
    public HiddenProduct(Context context, Tensor weight, Tensor bias, int steps)
    {
        _context = context;
        _weight = weight;
        _bias = bias;
        if (steps > 1 && weight.Count > 0)
        {
            _geometry = new ConvolutionGeometry(weight.Shape[1], weight.Shape[0], 1, 1, 1, 1);
            _panels = Convolution2d.Pack(context, in _geometry, weight);
        }
    }

    /// <summary>W_hh · h + b_hh, [N, gates · H]: the bits of <see cref="LinearOperator.Linear"/>.</summary>
    /// <param name="hidden">h, [N, H].</param>
    public Tensor Of(Tensor hidden)
    {
        if (!_panels.Exists)
        {
            return _context.Linear(hidden, _weight, _bias);
        }

        (int samples, int width, int gates) = (hidden.Shape[0], _weight.Shape[1], _weight.Shape[0]);
        return Convolution2d.WithPanels(
            _context, hidden.Reshape(new Shape(samples, 1, 1, width)), _weight.Reshape(new Shape(gates, width, 1, 1)), _bias, in _geometry, _panels)
            .Reshape(new Shape(samples, gates));
    }

    /// <summary>Gives the packed weight back.</summary>
    public void End()
    {
        if (_panels.Exists)
        {
            // Nobody else has seen it: its memory may be used again even while a tape holds the workspace.
            _context.Workspace.Recycle(_panels.Storage);
        }
    }
}
