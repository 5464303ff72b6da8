using System;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Data;
using ManagedDyn.Layers.Inference;
using Xunit;

namespace ManagedDyn.Tests.Layers.Inference;

public sealed class PreprocessingTests
{
    [Theory]
    [InlineData(1, 255)]
    [InlineData(3, 255)]
    [InlineData(1, 16)]
    public void Bytes_get_the_same_bits_as_in_training(int channels, int maximum)
    {
        Shape shape = new(5, 4, channels);
        byte[] bytes = new byte[shape.Count * 3];
        Random random = new(6);
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)random.Next(maximum + 1);
        }

        ImageDataset images = ImageDataset.FromBytes(shape, bytes, [0, 1, 0], ["a", "b"], maximum);
        Normalization normalization = Normalization.Measure(images);
        Preprocessing preprocessing = Preprocessing.From(shape, normalization, maximum);
        float[] converted = new float[bytes.Length];
        preprocessing.Apply(bytes, converted);
        float[] image = new float[shape.Count];
        float[] own = new float[shape.Count];
        for (int i = 0; i < 3; i++)
        {
            images.CopyImage(i, image);
            image.CopyTo(own, 0);
            normalization.Apply(image);
            preprocessing.Apply(own);
            Assert.Equal(image, converted[(i * shape.Count)..((i + 1) * shape.Count)]);
            Assert.Equal(image, own);
        }
    }

    [Fact]
    public void What_cannot_be_computed_is_refused()
    {
        Shape shape = new(2, 2, 2);
        Assert.Throws<ArgumentException>(() => new Preprocessing(shape, [0f], [1f]));
        Assert.Throws<ArgumentException>(() => new Preprocessing(shape, [0f, float.NaN], [1f, 1f]));
        Assert.Throws<ArgumentException>(() => new Preprocessing(shape, [0f, 0f], [1f, 0f]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Preprocessing(shape, [0f, 0f], [1f, 1f], 0));
        Assert.Throws<ArgumentException>(() => new Preprocessing(Shape.Scalar, [], []));
        Assert.Throws<ArgumentException>(() => Preprocessing.Unit(shape).Apply(new byte[9], new float[9]));
        Assert.Throws<ArgumentException>(() => Preprocessing.Unit(shape).Apply(new byte[8], new float[16]));
        Assert.Throws<ArgumentException>(() => Preprocessing.Unit(shape).Apply(new float[7]));
    }
}
