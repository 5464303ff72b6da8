using System.Numerics;
using System.Runtime.CompilerServices;

namespace ManagedDyn.Engine.Kernels.MatrixMultiply;

/// <summary>Asks for the lines of the output that a block writes, as it begins: a store to a line that is far holds up those behind it.</summary>
internal static class OutputRequest
{
    // 1 MiB of outputs: more than the second cache keeps beside inputs and weights.
    private const int FarLength = 1 << 18;

    // Shorter sums write more lines than the first cache can await meanwhile.
    private const int LeastRows = 64;

    /// <summary>Whether it pays.</summary>
    /// <param name="outputLength">Elements of the whole output.</param>
    /// <param name="rowsOfPanel">The length of each sum.</param>
    public static bool Pays(int outputLength, long rowsOfPanel) => outputLength > FarLength && rowsOfPanel >= LeastRows;

    /// <summary>Asks.</summary>
    /// <param name="operands">The block; each of its rows has a place in the output.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask<TRows, TRow>(scoped ref BlockOperands operands)
        where TRows : struct, IExtent
        where TRow : struct, IPanelRow<TRow>
    {
        for (int row = 0; row < TRows.Value; row++)
        {
            TRow.Prefetch(ref operands.Output, Unsafe.Add(ref operands.OutputRows, row), 2 * Vector<float>.Count);
        }
    }
}
