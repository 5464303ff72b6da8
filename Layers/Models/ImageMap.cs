using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Convolution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Models;

/// <summary>
/// A linear map of each pixel, y = W·x + b, that begins as what brings normalised pixels back to values from 0 to 1, so that a network that answers with pictures begins with
/// the image that it sees.
/// </summary>
internal sealed class ImageMap : Layer
{
    // The deviation of usual images, and their mean: what normalisation has divided by and taken away.
    private const float Deviation = 0.25f;
    private const float Mean = 0.5f;

    private readonly int _inputs;
    private readonly int _outputs;
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    public ImageMap(int inputs, int outputs)
    {
        _inputs = inputs;
        _outputs = outputs;
        _weight = AddParameter("weight", new Shape(outputs, inputs, 1, 1));
        _bias = AddParameter("bias", new Shape(outputs), decays: false);
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.With(-1, _outputs);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => (long)input.RowCount * _inputs * _outputs;

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        _bias.Value.Span.Fill(Mean);
        Span<float> weight = _weight.Value.Span;
        weight.Clear();
        for (int output = 0; output < _outputs; output++)
        {
            // A grey picture is the mean of the colours; of a grey image each colour is the grey.
            for (int input = 0; input < _inputs; input++)
            {
                bool isOwn = _inputs == _outputs ? input == output : true;
                weight[(output * _inputs) + input] = isOwn ? Deviation / (_inputs == _outputs ? 1 : _inputs) : 0;
            }
        }
    }

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input) => context.Conv2d(
        input, _weight.Value, _bias.Value, new ConvolutionGeometry(_inputs, _outputs, 1, 1, input.Shape[1], input.Shape[2], 1, 1, 0, 0, 0, 0));
}
