using System;
using ManagedDyn.Engine.Autograd;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Engine.Operators;
using ManagedDyn.Engine.Selections;
using ManagedDyn.Engine.Tensors;
using ManagedDyn.Layers.Static;

namespace ManagedDyn.Layers.SpatialWise.PixelLevel;

/// <summary>The halting score of each pixel, h = σ(conv₃ₓ₃(x) + w·GAP(x) + b), [N, H, W, C] to [N, H, W, 1]; also of some pixels only.</summary>
internal sealed class SpatialHaltingScore : Layer
{
    private readonly Conv2d _conv;
    private readonly Linear _whole;
    private readonly Parameter _bias;
    private readonly float _start;

    public SpatialHaltingScore(int channels, float start)
    {
        // Small weights, so that the start decides at first.
        _conv = Add("conv", new Conv2d(channels, 1, 3, bias: false) { InitialScale = 0.05f });
        _whole = Add("whole", new Linear(channels, 1, bias: false));
        _bias = AddParameter("bias", new Shape(1), decays: false);
        _start = start;
    }

    /// <inheritdoc/>
    public override Shape OutputShape(Shape input) => _conv.OutputShape(input);

    /// <inheritdoc/>
    public override long CountMacs(Shape input) => _conv.CountMacs(input) + _whole.CountMacs(new Shape(input[0], input[3]));

    /// <summary>The scores of some pixels, one after another: [selected in all].</summary>
    public Tensor Compute(Context context, Tensor input, Selection pixels)
    {
        if (pixels.IsAll)
        {
            return Forward(context, input).Reshape(new Shape(pixels.Count));
        }

        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor whole = WholeOf(context, input, pixels);
        Conv2dSelection selection = new() { Pixels = pixels, CompactPixels = true, KeepsArithmetic = true };
        Tensor own = context.Conv2d(input, _conv.Weight.Value, default, _conv.GeometryOf(input.Shape), in selection, _conv.Packed);
        Tensor sums = context.Workspace.Rent(new Shape(pixels.Count));
        ReadOnlySpan<int> offsets = pixels.Offsets;
        for (int row = 0; row < pixels.Rows; row++)
        {
            for (int i = offsets[row]; i < offsets[row + 1]; i++)
            {
                sums.Span[i] = own.Span[i] + whole.Span[row];
            }
        }

        return scope.Keep(context.Sigmoid(sums));
    }

    /// <summary>Counts the multiply-adds of scores that no pixel asks for.</summary>
    public void Skip(Context context, Shape input) => context.Count(input[0], 0, CountMacs(input.With(0, 1)));

    /// <inheritdoc/>
    protected override void OnInitialize(RandomStream random) => _bias.Value.Span.Fill(_start);

    /// <inheritdoc/>
    protected override Tensor Run(Context context, Tensor input)
    {
        using WorkspaceScope scope = context.Workspace.Enter();
        Tensor whole = Whole(context, input).Reshape(new Shape(input.Shape[0], 1, 1, 1));
        return scope.Keep(context.Sigmoid(context.Add(_conv.Forward(context, input), whole)));
    }

    // [N]: of the samples that have pixels left; the others' part is not computed, so that what a sample costs does not depend on its batch.
    private Tensor WholeOf(Context context, Tensor input, Selection pixels)
    {
        Tensor marks = context.Workspace.Rent(new Shape(1, pixels.Rows));
        int count = 0;
        for (int row = 0; row < pixels.Rows; row++)
        {
            bool isAsked = pixels.RowCount(row) > 0;
            marks.Span[row] = isAsked ? 1 : 0;
            count += isAsked ? 1 : 0;
        }

        if (count == pixels.Rows)
        {
            return Whole(context, input);
        }

        Tensor all = context.Workspace.RentZeros(new Shape(pixels.Rows));
        if (count > 0)
        {
            Selection outer = context.Samples;
            Selection rows = context.Workspace.SelectAtLeast(1, pixels.Rows, marks.Span, 0.5f);
            Tensor chosen = context.GatherSamples(input, rows);
            context.Samples = context.Workspace.Nest(outer, rows);
            Tensor own = Whole(context, chosen);
            context.Samples = outer;
            for (int i = 0; i < count; i++)
            {
                all.Span[rows.Indices[i]] = own.Span[i];
            }
        }

        for (int row = 0; row < pixels.Rows; row++)
        {
            if (pixels.RowCount(row) == 0)
            {
                context.CountRow(row, 0, _whole.CountMacs(new Shape(1, input.Shape[3])));
            }
        }

        return all;
    }

    private Tensor Whole(Context context, Tensor input) => context.Add(_whole.Forward(context, context.GlobalAveragePool(input)), _bias.Value);
}
