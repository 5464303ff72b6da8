using ManagedDyn.Engine.Tensors;
using ManagedDyn.Tool.Imaging;

namespace ManagedDyn.Tool.Inputs;

/// <summary>A picture, fitted to what the model takes.</summary>
internal sealed class PictureSource(string path, Shape sample) : InputSource(path)
{
    private bool _isRead;

    public override InputSample? Next()
    {
        if (_isRead)
        {
            return null;
        }

        _isRead = true;
        return new InputSample(Path, ImageScaler.Fit(ImageReader.Read(Path), sample[1], sample[0], sample[2]).Pixels, null);
    }

    public override void Dispose()
    {
        // The file is closed as soon as it is read.
    }
}
