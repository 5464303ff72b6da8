using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>
/// One row times the columns of a packed matrix that a list names, from the inputs that another list names. Vectors of columns of which none is listed, and
/// inputs that are not, are not read at all. Each output is one chain of multiply-adds, inputs ascending from zero and the bias last, so the bits are
/// those of the blocked product.
/// </summary>
/// <remarks>Vectors from anywhere run eight together: with one row a single panel's two would wait for each of their sums.</remarks>
public static class ListedProduct
{
    // Listed inputs in a row from which on walking them run by run pays.
    private const int LeastRun = 4;
    private const int Together = 8;

    // More runs than these are not worth their memory on the stack.
    private const int MostRuns = 1024;

    /// <summary>Whether the inputs lie in runs long enough.</summary>
    /// <param name="inputs">Inputs, ascending.</param>
    public static bool Suits(ReadOnlySpan<int> inputs)
    {
        int runs = CountRuns(inputs);
        return runs <= MostRuns && inputs.Length >= runs * LeastRun;
    }

    /// <summary>The number of pieces into which the outputs can be cut.</summary>
    /// <param name="outputCount">Outputs there are.</param>
    public static int Pieces(int outputCount) => Panel.Count(outputCount);

    /// <summary>output[o] = Σ over listed i of input[i] · weight[o, i], + bias[o], for listed o.</summary>
    /// <param name="input">[inputs], or the listed ones only where the list is compact.</param>
    /// <param name="packed">The matrix [inputs, outputs], packed as <see cref="Panel"/> does.</param>
    /// <param name="bias">[outputs]; empty: none.</param>
    /// <param name="inputs">Inputs that are read.</param>
    /// <param name="inputCount">Inputs there are.</param>
    /// <param name="outputs">Outputs that are computed.</param>
    /// <param name="outputCount">Outputs there are.</param>
    /// <param name="output">[outputs], or the listed ones only where the list is compact; the others are left as they are.</param>
    /// <param name="pieces">The part to compute, of <see cref="Pieces"/>.</param>
    /// <exception cref="ArgumentException">A length or a list does not fit; nothing has been written.</exception>
    public static void Run(
        ReadOnlySpan<float> input, ReadOnlySpan<float> packed, ReadOnlySpan<float> bias, in ActiveList inputs, int inputCount, in ActiveList outputs, int outputCount,
        Span<float> output, Range pieces)
    {
        inputs.Check(inputCount, "inputs");
        outputs.Check(outputCount, "outputs");
        if (packed.Length != Panel.Length(inputCount, outputCount) || input.Length != inputs.Width(inputCount) || output.Length != outputs.Width(outputCount)
            || (!bias.IsEmpty && bias.Length != outputCount))
        {
            throw new ArgumentException(
                $"A product of {inputs.Width(inputCount)} inputs was asked of {input.Length} with {packed.Length} packed weights, {bias.Length} biases and room for {output.Length} outputs.");
        }

        (int firstPanel, int panels) = pieces.GetOffsetAndLength(Pieces(outputCount));
        int lanes = Vector<float>.Count;
        int end = Math.Min((firstPanel + panels) * Panel.Width, outputCount);
        int runCount = inputs.IsListed ? CountRuns(inputs.Indices) : 1;
        Span<int> runs = runCount <= MostRuns ? stackalloc int[2 * runCount] : new int[2 * runCount];
        FindRuns(in inputs, inputCount, runs);
        Span<int> vectors = stackalloc int[Together];
        Span<float> sums = stackalloc float[Together * lanes];
        int rank = outputs.IsListed ? Before(outputs.Indices, firstPanel * Panel.Width) : firstPanel * Panel.Width;
        int last = outputs.IsListed ? Before(outputs.Indices, end) : end;
        while (rank < last)
        {
            // The listed columns of the next vectors that hold any.
            int count = 0;
            int first = rank;
            while (rank < last)
            {
                int vector = (outputs.IsListed ? outputs.Indices[rank] : rank) / lanes;
                if (count == 0 || vectors[count - 1] != vector)
                {
                    if (count == Together)
                    {
                        break;
                    }

                    vectors[count++] = vector;
                }

                rank++;
            }

            vectors[count..].Fill(vectors[count - 1]);
            Sum(input, packed, runs, inputs.IsCompact, inputCount, vectors, sums);
            Store(sums, vectors, bias, in outputs, first, rank, output);
        }
    }

    private static void Store(
        ReadOnlySpan<float> sums, ReadOnlySpan<int> vectors, ReadOnlySpan<float> bias, in ActiveList outputs, int first, int end, Span<float> output)
    {
        int lanes = Vector<float>.Count;
        for (int i = first, at = 0; i < end;)
        {
            int column = outputs.IsListed ? outputs.Indices[i] : i;
            at += vectors[at] != column / lanes ? 1 : 0;
            int place = outputs.IsCompact ? i : column;
            int sum = (at * lanes) + (column % lanes);
            if (column % lanes == 0 && i + lanes <= end && (!outputs.IsListed || outputs.Indices[i + lanes - 1] == column + lanes - 1))
            {
                Vector<float> whole = new(sums[sum..]);
                whole = bias.IsEmpty ? whole : whole + new Vector<float>(bias[column..]);
                whole.CopyTo(output[place..]);
                i += lanes;
                continue;
            }

            output[place] = bias.IsEmpty ? sums[sum] : sums[sum] + bias[column];
            i++;
        }
    }

    private static int Before(ReadOnlySpan<int> list, int value)
    {
        int place = list.BinarySearch(value);
        return place < 0 ? ~place : place;
    }

    private static int CountRuns(ReadOnlySpan<int> inputs)
    {
        int runs = inputs.IsEmpty ? 0 : 1;
        for (int i = 1; i < inputs.Length; i++)
        {
            runs += inputs[i] != inputs[i - 1] + 1 ? 1 : 0;
        }

        return runs;
    }

    // For each run its first input and how many there are.
    private static void FindRuns(in ActiveList inputs, int inputCount, Span<int> runs)
    {
        if (!inputs.IsListed)
        {
            (runs[0], runs[1]) = (0, inputCount);
            return;
        }

        ReadOnlySpan<int> list = inputs.Indices;
        int next = 0;
        for (int i = 0; i < list.Length; i++)
        {
            if (i > 0 && list[i] == list[i - 1] + 1)
            {
                runs[next - 1]++;
                continue;
            }

            runs[next] = list[i];
            runs[next + 1] = 1;
            next += 2;
        }
    }

    private static void Sum(
        ReadOnlySpan<float> input, ReadOnlySpan<float> packed, ReadOnlySpan<int> runs, bool isCompact, int inputCount, ReadOnlySpan<int> vectors, Span<float> sums)
    {
        // Vectors lie within the panels, and runs within the inputs, whose lists have been checked.
        ref float x = ref MemoryMarshal.GetReference(input);
        ref float values = ref x;
        ref float weights = ref MemoryMarshal.GetReference(packed);
        ref float w0 = ref Start(ref weights, vectors[0], inputCount);
        ref float w1 = ref Start(ref weights, vectors[1], inputCount);
        ref float w2 = ref Start(ref weights, vectors[2], inputCount);
        ref float w3 = ref Start(ref weights, vectors[3], inputCount);
        ref float w4 = ref Start(ref weights, vectors[4], inputCount);
        ref float w5 = ref Start(ref weights, vectors[5], inputCount);
        ref float w6 = ref Start(ref weights, vectors[6], inputCount);
        ref float w7 = ref Start(ref weights, vectors[7], inputCount);
        Vector<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (int run = 0; run < runs.Length; run += 2)
        {
            int row = runs[run];
            nint end = (nint)(row + runs[run + 1]) * Panel.Width;
            x = ref isCompact ? ref x : ref Unsafe.Add(ref values, row);
            for (nint at = (nint)row * Panel.Width; at < end; at += Panel.Width)
            {
                Vector<float> one = new(x);
                s0 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w0, (nuint)at), s0);
                s1 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w1, (nuint)at), s1);
                s2 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w2, (nuint)at), s2);
                s3 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w3, (nuint)at), s3);
                s4 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w4, (nuint)at), s4);
                s5 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w5, (nuint)at), s5);
                s6 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w6, (nuint)at), s6);
                s7 = Vector.MultiplyAddEstimate(one, Vector.LoadUnsafe(ref w7, (nuint)at), s7);
                x = ref Unsafe.Add(ref x, 1);
            }
        }

        int lanes = Vector<float>.Count;
        s0.CopyTo(sums);
        s1.CopyTo(sums[lanes..]);
        s2.CopyTo(sums[(2 * lanes)..]);
        s3.CopyTo(sums[(3 * lanes)..]);
        s4.CopyTo(sums[(4 * lanes)..]);
        s5.CopyTo(sums[(5 * lanes)..]);
        s6.CopyTo(sums[(6 * lanes)..]);
        s7.CopyTo(sums[(7 * lanes)..]);
    }

    private static ref float Start(ref float packed, int vector, int inputCount)
    {
        int column = vector * Vector<float>.Count;
        return ref Unsafe.Add(ref packed, ((nint)(column / Panel.Width) * inputCount * Panel.Width) + (column % Panel.Width));
    }
}
