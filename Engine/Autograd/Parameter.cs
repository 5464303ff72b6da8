using System;
using System.Threading;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Engine.Autograd;

/// <summary>
/// A tensor that a network owns: trained, or kept as state (running statistics). It lives outside any workspace.
/// </summary>
/// <remarks>
/// Memory is taken when the values are first asked for: a network that a file describes costs nothing before its shapes have been compared
/// with what the file holds.
/// </remarks>
public sealed class Parameter
{
    private Storage<float>? _storage;
    private bool _isTrainable;

    /// <summary>Makes a parameter of zeros, or of <see cref="FirstValue"/>.</summary>
    /// <param name="name">Its name within the module that owns it, such as "weight".</param>
    /// <param name="shape">The extents, in PyTorch's canonical layout.</param>
    /// <param name="isTrainable">Whether gradients are computed for it; false for running statistics.</param>
    /// <param name="decays">Whether weight decay applies to it: usual for weights, not for biases and normalisation.</param>
    public Parameter(string name, Shape shape, bool isTrainable = true, bool decays = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Shape = shape;
        Decays = decays;
        _isTrainable = isTrainable;
        IsState = !isTrainable;
    }

    /// <summary>Its name within the module that owns it.</summary>
    public string Name { get; }

    /// <summary>The values.</summary>
    public Tensor Value => new(_storage ?? Allocate(), 0, Shape);

    /// <summary>What each value is until somebody sets it.</summary>
    public float FirstValue { get; init; }

    /// <summary>The extents.</summary>
    public Shape Shape { get; }

    /// <summary>The gradient added up since <see cref="ClearGradient"/>; no tensor while there is none.</summary>
    public Tensor Gradient => Tape.GradientOf(Value);

    /// <summary>Whether this is state that training updates by other means than gradients, such as running statistics.</summary>
    public bool IsState { get; }

    /// <summary>Whether weight decay applies to it.</summary>
    public bool Decays { get; }

    /// <summary>Whether gradients are computed for it. Set to false to freeze it.</summary>
    public bool IsTrainable
    {
        get => _isTrainable;
        set
        {
            _isTrainable = value;
            if (_storage is { } storage)
            {
                storage.RequiresGradient = value;
            }
        }
    }

    /// <summary>Sets the gradient to zero.</summary>
    public void ClearGradient() => _storage?.ClearGradient();

    /// <summary>The name and shape.</summary>
    public override string ToString() => $"{Name} {Shape}";

    // Two threads may come here at once; one storage wins.
    private Storage<float> Allocate()
    {
        Storage<float> storage = new(Shape.Count, zeroed: FirstValue == 0) { RequiresGradient = _isTrainable };
        if (FirstValue != 0)
        {
            new Tensor(storage, 0, Shape).Span.Fill(FirstValue);
        }

        return Interlocked.CompareExchange(ref _storage, storage, null) ?? storage;
    }
}
