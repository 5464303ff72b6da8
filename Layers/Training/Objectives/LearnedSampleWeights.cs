using System;
using System.Globalization;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Kernels.Softmax;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;
using ManagedDyn.Layers.Training.Optimizers;

namespace ManagedDyn.Layers.Training.Objectives;

/// <summary>
/// Trains each exit most on the samples that will leave there: L = (1/N) Σ_n Σ_k w_nk·CE_k(n), with weights that a small network reads off a sample's losses at
/// all exits, w_nk = 1 + ε·(v_nk − mean over n of v_k), v = tanh(MLP(CE_1(n), …, CE_K(n))) (Han et al., "Learning to weight samples for dynamic early-exiting
/// networks", ECCV 2022, section 3).
/// </summary>
/// <remarks>
/// <para>The weighting network is trained by looking one step ahead: after a step along the weighted loss, each exit must do well on the samples that leave
/// there, M = (1/N) Σ_k Σ_{n leaves at k} CE_k(n). Who leaves where is told as at inference with a budget: with shares q_k ∝ r^k, exit by exit the most
/// confident of those who are still there.</para>
/// <para>Deviation: the paper takes the step in the weights of the whole network, which costs a second backward pass through it, on data held out. Here it is
/// taken in the logits, z′_nk = z_nk − η·w_nk·(softmax(z_nk) − y_n), and on the same batch: the gradient of the weights of samples is then known in closed form,
/// −η·(softmax(z′) − y)·(softmax(z) − y), and training costs no more than without; what samples do to each other is not seen.</para>
/// </remarks>
public sealed class LearnedSampleWeights : Objective
{
    private readonly int _exits;
    private readonly float _strength;
    private readonly float _rate;
    private readonly double _leaving;
    private readonly Sequential _network;
    private readonly AdamW _optimizer;

    /// <summary>Makes the objective.</summary>
    /// <param name="exits">K, at least 1.</param>
    /// <param name="seed">The seed of the weighting network.</param>
    /// <param name="strength">ε, 0 to 0.5, so that weights stay at 0 or above.</param>
    /// <param name="leaving">r, above 0: below 1 most samples leave early.</param>
    /// <param name="hidden">Units of the weighting network's hidden layer.</param>
    /// <param name="rate">The learning rate of the weighting network.</param>
    public LearnedSampleWeights(int exits, ulong seed, float strength = 0.5f, double leaving = 1, int hidden = 32, float rate = 1e-3f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exits, 1);
        if (!(strength is >= 0 and <= 0.5f))
        {
            throw new ArgumentOutOfRangeException(nameof(strength), strength, "Expected a strength from 0 to 0.5.");
        }

        if (!(leaving > 0 && double.IsFinite(leaving)))
        {
            throw new ArgumentOutOfRangeException(nameof(leaving), leaving, "Expected a ratio of shares above 0.");
        }

        if (!(rate >= 0 && float.IsFinite(rate)))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "Expected a learning rate of at least 0.");
        }

        _exits = exits;
        _strength = strength;
        _leaving = leaving;
        _rate = rate;
        _network = new Sequential(new Linear(exits, hidden), new Activate(ActivationFunction.Relu), new Linear(hidden, exits));
        _network.Initialize(new RandomSource(seed));
        _optimizer = new AdamW(_network, decay: 0);
    }

    /// <summary>The network that weighs samples: losses at all exits, [N, K], to v before the hyperbolic tangent.</summary>
    public Layer WeightNetwork => _network;

    /// <inheritdoc/>
    public override string Description => string.Create(CultureInfo.InvariantCulture, $"sample weights(exits={_exits}, strength={_strength:R}, leaving={_leaving:R}, rate={_rate:R})");

    /// <inheritdoc/>
    public override Tensor Compute(Context context, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels, Span<float> exitLosses)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (logits.Length != _exits || exitLosses.Length != _exits)
        {
            throw new ArgumentException($"{logits.Length} exits were given with room for {exitLosses.Length} losses; expected {_exits}.", nameof(logits));
        }

        int samples = labels.Length;
        Tensor[] losses = new Tensor[_exits];
        Tensor known = context.Workspace.Rent(new Shape(samples, _exits));
        for (int exit = 0; exit < _exits; exit++)
        {
            losses[exit] = context.CrossEntropy(logits[exit], labels, new CrossEntropyOptions { Reduction = LossReduction.None });
            double sum = 0;
            for (int n = 0; n < samples; n++)
            {
                known.Span[(n * _exits) + exit] = losses[exit].Span[n];
                sum += losses[exit].Span[n];
            }

            exitLosses[exit] = (float)(sum / Math.Max(1, samples));
        }

        Tensor weights = Weigh(context, known, logits, labels);
        Tensor[] terms = new Tensor[_exits];
        float[] factors = new float[_exits];
        for (int exit = 0; exit < _exits; exit++)
        {
            Tensor column = context.Workspace.Rent(new Shape(samples));
            for (int n = 0; n < samples; n++)
            {
                column.Span[n] = weights.Span[(n * _exits) + exit];
            }

            terms[exit] = context.Mean(context.Multiply(losses[exit], column));
            factors[exit] = 1;
        }

        return WeightedSum.Compute(context, terms, factors);
    }

    /// <summary>At which exit each sample leaves: with shares q_k ∝ r^k, exit by exit the most confident of those still there.</summary>
    /// <param name="logits">The answer of each exit, [N, classes].</param>
    /// <param name="ratio">r.</param>
    internal static int[] Leaves(ReadOnlySpan<Tensor> logits, double ratio)
    {
        int samples = logits[0].Shape[0];
        int classes = logits[0].Shape[1];
        int[] leaves = new int[samples];
        Array.Fill(leaves, logits.Length - 1);
        double total = 0;
        for (int exit = 0; exit < logits.Length; exit++)
        {
            total += Math.Pow(ratio, exit);
        }

        int[] staying = new int[samples];
        float[] doubts = new float[samples];
        float[] probabilities = new float[classes];
        int count = samples;
        for (int n = 0; n < samples; n++)
        {
            staying[n] = n;
        }

        for (int exit = 0; exit + 1 < logits.Length; exit++)
        {
            for (int i = 0; i < count; i++)
            {
                SoftmaxRow.Probabilities(logits[exit].Span.Slice(staying[i] * classes, classes), 1, probabilities);
                float most = 0;
                foreach (float probability in probabilities)
                {
                    most = MathF.Max(most, probability);
                }

                doubts[i] = 1 - most;
            }

            Array.Sort(doubts, staying, 0, count, null);
            int gone = Math.Min(count, (int)Math.Round(samples * Math.Pow(ratio, exit) / total));
            for (int i = 0; i < gone; i++)
            {
                leaves[staying[i]] = exit;
            }

            Array.Copy(staying, gone, staying, 0, count - gone);
            count -= gone;
            Array.Sort(staying, 0, count);
        }

        return leaves;
    }

    internal override void Bind(TensorBinding tensors, string prefix)
    {
        tensors.Add(prefix + "weights.", _network);
        _optimizer.Bind(tensors, prefix + "optimizer.");
    }

    // The weights of this batch, and a step of the network that gives them. They are constants to the loss.
    private Tensor Weigh(Context context, Tensor known, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels)
    {
        Tape? outer = context.Tape;
        using Tape tape = new(context.Workspace);
        context.Tape = tape;
        try
        {
            Tensor values = context.Tanh(_network.Forward(context, known));
            Tensor weights = context.Affine(context.Subtract(values, context.Mean(values, 0)), _strength, 1);
            if (_rate > 0)
            {
                _network.ClearGradients();
                tape.Backward(weights, Slopes(weights.Span, logits, labels));
                _optimizer.Resume(context.Step);
                _optimizer.Step(context.Workers, _rate);
            }

            return context.Workspace.RentCopy(weights.Shape, weights.Span);
        }
        finally
        {
            context.Tape = outer;
        }
    }

    // ∂M/∂w: how the loss after the step changes with the weight of each sample at each exit.
    private float[] Slopes(ReadOnlySpan<float> weights, ReadOnlySpan<Tensor> logits, ReadOnlySpan<int> labels)
    {
        const float StepAhead = 1;
        int samples = labels.Length;
        int classes = logits[0].Shape[1];
        float[] slopes = new float[samples * _exits];
        float[] before = new float[classes];
        float[] moved = new float[classes];
        float[] after = new float[classes];
        int[] leaves = Leaves(logits, _leaving);
        for (int n = 0; n < samples; n++)
        {
            int exit = leaves[n];
            ReadOnlySpan<float> scores = logits[exit].Span.Slice(n * classes, classes);
            SoftmaxRow.Probabilities(scores, 1, before);
            before[labels[n]] -= 1;
            float weight = weights[(n * _exits) + exit];
            for (int c = 0; c < classes; c++)
            {
                moved[c] = scores[c] - (StepAhead * weight * before[c]);
            }

            SoftmaxRow.Probabilities(moved, 1, after);
            after[labels[n]] -= 1;
            double sum = 0;
            for (int c = 0; c < classes; c++)
            {
                sum += after[c] * (double)before[c];
            }

            slopes[(n * _exits) + exit] = (float)(-StepAhead * sum / samples);
        }

        return slopes;
    }
}
