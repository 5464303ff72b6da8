using System;
using System.Numerics.Tensors;

namespace ManagedDyn.Engine.Tensors;

/// <summary>
/// A view of float32 values, contiguous and row-major; images are [N, H, W, C]. A value of this type is a small handle: copying it copies no
/// data, and views of one storage (reshaped, or some of its rows) share their values and their gradient.
/// </summary>
/// <remarks>
/// A handle instead of an object, so that inference makes no garbage and a handle that outlives its <see cref="Workspace"/> scope is
/// always found out: the storage's generation no longer matches and every access throws. The default value means "no tensor".
/// </remarks>
public readonly struct Tensor
{
    private readonly Storage<float>? _storage;
    private readonly int _offset;
    private readonly int _generation;

    internal Tensor(Storage<float> storage, int offset, Shape shape)
    {
        _storage = storage;
        _offset = offset;
        _generation = storage.Generation;
        Shape = shape;
    }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>The number of elements.</summary>
    public int Count => Shape.Count;

    /// <summary>Whether there is a tensor: false for the default value.</summary>
    public bool Exists => _storage is not null;

    /// <summary>The values, row-major.</summary>
    /// <exception cref="InvalidOperationException">There is no tensor, or its workspace scope has ended.</exception>
    public Span<float> Span => Live().Slice(_offset, Shape.Count);

    /// <summary>
    /// The values and the padding behind them, rounded up to a whole number of <see cref="Storage{T}.PaddingElements"/>: elementwise code
    /// runs over it in whole vectors, so that each element gets the same arithmetic wherever it stands. The padding's values mean nothing
    /// and a writer may change them only in a tensor that <see cref="OwnsPadding"/>.
    /// </summary>
    public Span<float> PaddedSpan =>
        Live().Slice(_offset, (Shape.Count + Storage<float>.PaddingElements - 1) / Storage<float>.PaddingElements * Storage<float>.PaddingElements);

    /// <summary>Whether what lies behind the last element is padding and not another view's data.</summary>
    public bool OwnsPadding => _offset + Shape.Count == Live().Length;

    /// <summary>Whether gradients flow into this tensor when a tape is run backward.</summary>
    public bool RequiresGradient => _storage is { RequiresGradient: true };

    /// <summary>The storage that this tensor is a view of.</summary>
    internal Storage<float> Storage => Live();

    /// <summary>Where the view starts in its storage, in elements.</summary>
    internal int Offset => _offset;

    /// <summary>Makes a tensor of zeros that belongs to no workspace and lives as long as somebody holds it.</summary>
    /// <param name="shape">The extents.</param>
    public static Tensor Zeros(Shape shape) => new(new Storage<float>(shape.Count, zeroed: true), 0, shape);

    /// <summary>Makes a tensor that holds a copy of the values given.</summary>
    /// <param name="shape">The extents.</param>
    /// <param name="values">Row-major, as many as the shape has elements.</param>
    /// <exception cref="ArgumentException">The number of values differs from the shape's.</exception>
    public static Tensor From(Shape shape, ReadOnlySpan<float> values)
    {
        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"{values.Length} values were given for shape {shape}; expected {shape.Count}.", nameof(values));
        }

        Tensor tensor = Zeros(shape);
        values.CopyTo(tensor.Span);
        return tensor;
    }

    /// <summary>The same values under another shape.</summary>
    /// <param name="shape">A shape with the same number of elements.</param>
    /// <exception cref="ArgumentException">The numbers of elements differ.</exception>
    public Tensor Reshape(Shape shape)
    {
        if (shape.Count != Shape.Count)
        {
            throw new ArgumentException($"Shape {Shape} has {Shape.Count} elements; it cannot be seen as {shape} with {shape.Count}.", nameof(shape));
        }

        return new Tensor(Live(), _offset, shape);
    }

    /// <summary>A view of consecutive entries of the first dimension, such as samples of a batch.</summary>
    /// <param name="start">The first entry.</param>
    /// <param name="count">How many entries.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the first dimension.</exception>
    public Tensor Rows(int start, int count)
    {
        if (start < 0 || count < 0 || start > Shape[0] - count)
        {
            throw new ArgumentOutOfRangeException(nameof(start), $"Rows {start} to {start + (long)count} were asked of shape {Shape}; expected a range within 0 to {Shape[0]}.");
        }

        int rowElements = Shape.ProductFrom(1);
        return new Tensor(Live(), _offset + (start * rowElements), Shape.With(0, count));
    }

    /// <summary>Whether two tensors are views of the same memory.</summary>
    /// <param name="other">The other tensor.</param>
    public bool SharesMemoryWith(Tensor other) => _storage is not null && ReferenceEquals(_storage, other._storage);

    /// <summary>A read-only view with this tensor's shape for code that takes the framework's tensors.</summary>
    public ReadOnlyTensorSpan<float> AsReadOnlyTensorSpan()
    {
        Span<int> extents = stackalloc int[Shape.MaximumRank];
        Shape.CopyTo(extents);
        Span<nint> lengths = stackalloc nint[Shape.Rank];
        for (int i = 0; i < lengths.Length; i++)
        {
            lengths[i] = extents[i];
        }

        return new ReadOnlyTensorSpan<float>(Span, lengths);
    }

    /// <summary>A copy of the values, row-major.</summary>
    public float[] ToArray() => Span.ToArray();

    /// <summary>The shape, or "no tensor".</summary>
    public override string ToString() => Exists ? $"Tensor {Shape}" : "no tensor";

    private Storage<float> Live()
    {
        if (_storage is null)
        {
            throw new InvalidOperationException("There is no tensor here (a default value was used).");
        }

        if (_storage.Generation != _generation)
        {
            throw new InvalidOperationException($"A tensor of shape {Shape} was used after its workspace scope ended; keep it with WorkspaceScope.Keep, or copy it.");
        }

        return _storage;
    }
}
