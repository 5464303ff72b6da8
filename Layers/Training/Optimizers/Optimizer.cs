using System;
using System.Collections.Generic;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Optimizing;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.Training.Optimizers;

/// <summary>
/// Changes the parameters of a network against their gradients. It keeps up to two tensors of state a parameter, named by the parameter's
/// path, so that training goes on exactly where it stopped.
/// </summary>
/// <remarks>
/// A parameter without gradient counts as one whose gradient is zero, so that resuming does not depend on which parameters have been reached
/// before. Parameters that are not trainable (frozen ones) are left alone. Work is cut by geometry, so bits do not depend on threads.
/// </remarks>
public abstract class Optimizer
{
    // Large enough that handing a chunk to a thread costs nothing beside it, a multiple of every vector width.
    private const int ChunkElements = 1 << 13;

    private readonly Trained[] _trained;
    private readonly Chunk[] _chunks;
    private readonly double[] _sums;
    private readonly string[] _stateNames;
    private readonly Tensor _zeros = Tensor.Zeros(new Shape(ChunkElements));

    /// <summary>Makes an optimizer for all parameters of a network that are no state.</summary>
    /// <param name="network">The network.</param>
    /// <param name="stateNames">The names of the tensors of state that each parameter has, at most two.</param>
    protected Optimizer(Module network, params ReadOnlySpan<string> stateNames)
    {
        ArgumentNullException.ThrowIfNull(network);
        _stateNames = stateNames.ToArray();
        List<Trained> trained = [];
        List<Chunk> chunks = [];
        foreach ((string path, Parameter parameter) in network.NamedParameters())
        {
            if (parameter.IsState)
            {
                continue;
            }

            int elements = parameter.Value.PaddedSpan.Length;
            for (int start = 0; start < elements; start += ChunkElements)
            {
                chunks.Add(new Chunk(trained.Count, start, Math.Min(ChunkElements, elements - start)));
            }

            Tensor first = stateNames.Length > 0 ? Tensor.Zeros(parameter.Value.Shape) : default;
            Tensor second = stateNames.Length > 1 ? Tensor.Zeros(parameter.Value.Shape) : default;
            trained.Add(new Trained(path, parameter, first, second));
        }

        _trained = [.. trained];
        _chunks = [.. chunks];
        _sums = new double[_chunks.Length];
    }

    /// <summary>The optimizer with its settings, as in "sgd(momentum=0.9, nesterov, decay=0.0001)"; training is resumed only with the same.</summary>
    public abstract string Description { get; }

    /// <summary>The number of steps made.</summary>
    public long Steps { get; private set; }

    /// <summary>The Euclidean norm of all gradients together; NaN or infinite when any of them is.</summary>
    /// <param name="workers">The threads.</param>
    public double GradientNorm(Workers workers)
    {
        ArgumentNullException.ThrowIfNull(workers);
        workers.Run(_chunks.Length, new NormWork(this));
        double sum = 0;
        foreach (double part in _sums)
        {
            sum += part;
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Makes one step along the gradients.</summary>
    /// <param name="workers">The threads.</param>
    /// <param name="rate">The learning rate.</param>
    /// <param name="gradientScale">What gradients are multiplied by first: below 1 to clip them.</param>
    public void Step(Workers workers, float rate, float gradientScale = 1)
    {
        ArgumentNullException.ThrowIfNull(workers);
        Steps++;
        Prepare(rate, gradientScale);
        workers.Run(_chunks.Length, new UpdateWork(this));
    }

    /// <summary>The path of a parameter whose gradient is not finite, the nearest to the loss in the order of the network; null when all are.</summary>
    public string? FindNonFiniteGradient()
    {
        for (int i = _trained.Length - 1; i >= 0; i--)
        {
            if (_trained[i].Parameter is { IsTrainable: true, Gradient: { Exists: true } gradient } && !TensorBinding.IsFinite(gradient))
            {
                return _trained[i].Path;
            }
        }

        return null;
    }

    /// <summary>Adds all tensors of state under "prefix.state.path".</summary>
    internal void Bind(TensorBinding binding, string prefix)
    {
        foreach (Trained trained in _trained)
        {
            for (int i = 0; i < _stateNames.Length; i++)
            {
                binding.Add($"{prefix}{_stateNames[i]}.{trained.Path}", i == 0 ? trained.First : trained.Second);
            }
        }
    }

    /// <summary>Says how many steps the state that was read had made.</summary>
    internal void Resume(long steps) => Steps = steps;

    /// <summary>Computes the constants of the step that comes; <see cref="Steps"/> counts it already.</summary>
    /// <param name="rate">The learning rate.</param>
    /// <param name="gradientScale">What gradients are multiplied by first.</param>
    protected abstract void Prepare(float rate, float gradientScale);

    /// <summary>Updates a part of a parameter; runs on any thread.</summary>
    /// <param name="values">The values, a multiple of every vector width.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="first">The first state; empty when there is none.</param>
    /// <param name="second">The second state; empty when there is none.</param>
    /// <param name="decays">Whether weight decay applies.</param>
    protected abstract void Update(Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, bool decays);

    private void SumChunk(int index)
    {
        Chunk chunk = _chunks[index];
        Parameter parameter = _trained[chunk.Parameter].Parameter;
        _sums[index] = 0;
        if (parameter is { IsTrainable: true, Gradient: { Exists: true } gradient })
        {
            // Padding may hold anything and does not count.
            _sums[index] = SquareSum.Run(gradient.Span.Slice(chunk.Start, Math.Min(chunk.Length, gradient.Count - chunk.Start)));
        }
    }

    private void UpdateChunk(int index)
    {
        Chunk chunk = _chunks[index];
        Trained trained = _trained[chunk.Parameter];
        if (!trained.Parameter.IsTrainable)
        {
            return;
        }

        Tensor gradient = trained.Parameter.Gradient;
        Update(
            trained.Parameter.Value.PaddedSpan.Slice(chunk.Start, chunk.Length),
            gradient.Exists ? gradient.PaddedSpan.Slice(chunk.Start, chunk.Length) : _zeros.Span[..chunk.Length],
            trained.First.Exists ? trained.First.PaddedSpan.Slice(chunk.Start, chunk.Length) : default,
            trained.Second.Exists ? trained.Second.PaddedSpan.Slice(chunk.Start, chunk.Length) : default,
            trained.Parameter.Decays);
    }

    private readonly record struct Trained(string Path, Parameter Parameter, Tensor First, Tensor Second);

    private readonly record struct Chunk(int Parameter, int Start, int Length);

    private readonly struct NormWork(Optimizer optimizer) : IParallelWork
    {
        public void Execute(int part) => optimizer.SumChunk(part);
    }

    private readonly struct UpdateWork(Optimizer optimizer) : IParallelWork
    {
        public void Execute(int part) => optimizer.UpdateChunk(part);
    }
}
