using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;

namespace ManagedDyn.Layers.Static;

/// <summary>
/// Multi-head attention (Vaswani et al., NeurIPS 2017) with PyTorch's parameters: in_proj_weight [3 · E, E], in_proj_bias, out_proj.weight, out_proj.bias; as a
/// layer, self-attention [N, T, E] to [N, T, E].
/// </summary>
public sealed class MultiHeadAttention : Layer
{
    private readonly int _width;
    private readonly int _heads;
    private readonly Parameter _inputWeight;
    private readonly Parameter? _inputBias;
    private readonly Linear _output;
    private PackedWeight? _packed;

    /// <summary>Makes a layer.</summary>
    /// <param name="width">E.</param>
    /// <param name="heads">The number of heads, which divides E.</param>
    /// <param name="bias">Whether there are biases.</param>
    public MultiHeadAttention(int width, int heads, bool bias = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        if (width < 1 || width % heads != 0)
        {
            throw new ArgumentException($"There are {heads} heads for a width of {width}; expected a divisor of it.", nameof(heads));
        }

        _width = width;
        _heads = heads;
        _inputWeight = AddParameter("in_proj_weight", new Shape(3 * width, width));
        _inputBias = bias ? AddParameter("in_proj_bias", new Shape(3 * width), decays: false) : null;
        _output = Add("out_proj", new Linear(width, width, bias));
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => input.Rank == 3 && input[2] == _width
        ? input
        : throw new ArgumentException($"The input has shape {input}; expected [N, steps, {_width}].", nameof(input));

    /// <inheritdoc/>
    public override long CountMacs(Shape input)
    {
        _ = OutputShape(input);
        return (4L * input[0] * input[1] * _width * _width) + (2L * input[0] * input[1] * input[1] * _width);
    }

    /// <summary>MACs of some queries to a memory, for one sample.</summary>
    internal long CountMacs(int queries, int keys) => (2L * (queries + keys) * _width * _width) + (2L * queries * keys * _width);

    /// <summary>Attention of queries to a memory.</summary>
    /// <param name="context">The context.</param>
    /// <param name="query">[N, L, E].</param>
    /// <param name="memory">[N, S, E]; for self-attention the query.</param>
    /// <param name="attention">The weights of the keys, [N, heads, L, S].</param>
    /// <param name="keys">The keys attended to, a row over S for each sample, none of them empty; none: all.</param>
    /// <param name="isCausal">Whether query i attends to keys up to i only.</param>
    /// <returns>[N, L, E].</returns>
    public Tensor Forward(Context context, Tensor query, Tensor memory, out Tensor attention, Selection keys = default, bool isCausal = false)
    {
        ArgumentNullException.ThrowIfNull(context);
        using MeterTurn turn = new(context, this);
        using WorkspaceScope scope = context.Workspace.Enter();
        bool isPlainSelf = query.SharesMemoryWith(memory) && query.Shape == memory.Shape && keys.IsAll && !isCausal;
        Tensor output = isPlainSelf && context.Tape is null && _packed is not null
            ? Packed(context, query, out attention)
            : context.MultiHeadAttention(
                query, memory, _inputWeight.Value, _inputBias?.Value ?? default, _output.Weight.Value, _output.Bias?.Value ?? default, _heads, out attention, keys, isCausal);
        attention = scope.Keep(attention);
        return scope.Keep(output);
    }

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random)
    {
        // Glorot and Bengio's uniform over the joined projection, as PyTorch does.
        float bound = MathF.Sqrt(6f / (4 * _width));
        Span<float> values = _inputWeight.Value.Span;
        random.FillUniform(values, 0, 0);
        foreach (ref float value in values)
        {
            value = bound * ((2f * value) - 1f);
        }

        _inputBias?.Value.Span.Clear();
    }

    /// <inheritdoc/>
    protected override void OnFreeze(PackedMemory memory) => _packed = PackedWeight.ForLinear(_width, 3 * _width, _inputWeight.Value.Span);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        _ = OutputShape(input.Shape);
        return Forward(context, input, input, out _);
    }

    // The three projections in one product.
    private Tensor Packed(Context context, Tensor query, out Tensor attention)
    {
        Tensor all = context.Linear(query, _inputWeight.Value, _inputBias?.Value ?? default, packed: _packed);
        Tensor mixed = context.MixHeads(all, _heads, out attention);
        context.Workspace.Recycle(all);
        return _output.Forward(context, mixed);
    }
}
