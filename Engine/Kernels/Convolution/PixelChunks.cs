using System;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// How a sum over the output pixels of a batch is cut: into chunks, the leaves of the summation tree, and these into blocks that stay in the
/// caches. A pure function of geometry and batch.
/// </summary>
internal readonly struct PixelChunks
{
    /// <summary>Pixels that are worked on at a time.</summary>
    public const int BlockPixels = 128;

    private const int MaximumChunks = 16;
    private const long CostPerChunk = 1L << 21;
    private const long MaximumPartialElements = 1L << 24;

    // Each partial sum is cleared, written and added up once a chunk: with fewer multiply-adds for each, that would take too much of the time.
    private const long MacsPerPartial = 1024;

    /// <summary>Cuts a sum.</summary>
    /// <param name="outPixels">Output pixels of a sample.</param>
    /// <param name="batch">Samples.</param>
    /// <param name="costPerSample">Multiply-adds of a sample: a chunk must be worth the effort to hand it to a thread.</param>
    /// <param name="partialElements">Floats of a chunk's partial sums, which bound the number of chunks.</param>
    public PixelChunks(int outPixels, int batch, long costPerSample, int partialElements)
    {
        OutPixels = outPixels;
        Batch = batch;
        Blocks = (outPixels + BlockPixels - 1) / BlockPixels;
        SamplesPerBlock = Math.Max(1, BlockPixels / outPixels);
        long wanted = Math.Clamp(costPerSample * Math.Max(batch, 1) / CostPerChunk, 1, MaximumChunks);
        wanted = Math.Min(wanted, Math.Max(1, MaximumPartialElements / partialElements));
        wanted = Math.Min(wanted, Math.Max(1, costPerSample * batch / (MacsPerPartial * partialElements)));
        if (batch < wanted)
        {
            Parts = batch == 0 ? 1 : (int)Math.Min((wanted + batch - 1) / batch, Blocks);
            Count = Math.Max(1, batch * Parts);
        }
        else
        {
            Parts = 1;
            Count = (int)wanted;
        }
    }

    /// <summary>Leaves of the summation tree.</summary>
    public int Count { get; }

    /// <summary>Samples.</summary>
    public int Batch { get; }

    /// <summary>Output pixels of a sample.</summary>
    public int OutPixels { get; }

    /// <summary>Blocks that a sample's output pixels are cut into.</summary>
    public int Blocks { get; }

    /// <summary>Samples that share a block when their maps are small.</summary>
    public int SamplesPerBlock { get; }

    /// <summary>Chunks that one sample is cut into, when there are fewer samples than chunks; else 1.</summary>
    public int Parts { get; }

    /// <summary>Samples of a chunk, and its blocks of each.</summary>
    public (int FirstSample, int EndSample, int FirstBlock, int EndBlock) Range(int chunk)
    {
        if (Parts > 1)
        {
            int sample = chunk / Parts;
            long part = chunk % Parts;
            return (sample, sample + 1, (int)(part * Blocks / Parts), (int)((part + 1) * Blocks / Parts));
        }
        return ((int)((long)chunk * Batch / Count), (int)((long)(chunk + 1) * Batch / Count), 0, Blocks);
    }

    /// <summary>The first output pixel of a block.</summary>
    public int BlockStart(int block) => (int)((long)block * OutPixels / Blocks);
}
