using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>The images of an IDX file, plain or packed, each fitted to what the model takes.</summary>
internal sealed class IdxSource : InputSource
{
    private readonly Shape _sample;
    private readonly IdxReader _reader;
    private readonly int _height;
    private readonly int _width;
    private readonly int _channels;
    private int _index;

    public IdxSource(string path, Shape sample)
        : base(path)
    {
        _sample = sample;
        _reader = new IdxReader(path);
        Shape image = _reader.ItemShape;
        _height = image.Rank > 0 ? image[0] : 0;
        _width = image.Rank > 1 ? image[1] : 0;
        _channels = image.Rank > 2 ? image[2] : 1;
        if (image.Rank is < 2 or > 3 || _channels is not (1 or 3) || _height < 1 || _width < 1 || _width > PixelImage.MaximumPixels / _height)
        {
            _reader.Dispose();
            throw new ToolException($"'{path}' is an IDX file of {_reader.Count} items of shape {image}; expected images [height, width], with 1 or 3 channels");
        }
    }

    public override InputSample? Next()
    {
        byte[] pixels = new byte[_reader.ItemShape.Count];
        return _reader.TryRead(pixels)
            ? new InputSample(Numbered(_index++), ImageScaler.Fit(new PixelImage(_width, _height, _channels, pixels), _sample[1], _sample[0], _sample[2]).Pixels, null)
            : null;
    }

    public override void Dispose() => _reader.Dispose();
}
