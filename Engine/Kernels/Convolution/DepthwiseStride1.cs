using System;
using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The inner loop of a depthwise convolution with stride 1 for pixels side by side: each input vector is loaded once and meets the weights of
/// every pixel that it is a tap of. Each sum is one chain of multiply-adds, taps ascending, whatever the number of pixels.
/// </summary>
/// <remarks>References are used without bounds checks; <see cref="DepthwiseRow"/> says why they hold.</remarks>
internal readonly struct DepthwiseStride1 : IDepthwiseStride
{
    public static int Value => 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Run<TPixels, TKernel, TClip, TVector>(scoped ref DepthwiseRow row)
        where TPixels : struct, IExtent
        where TKernel : struct, IExtent
        where TClip : struct, IFlag
        where TVector : struct, IDepthwiseVector<TVector>
    {
        nint step = row.SourceStep;
        nint weightStep = row.WeightStep;
        int first = row.FirstColumn;
        int count = row.ColumnCount;
        for (nint place = row.Channel; place < row.EndChannel; place += TVector.Width)
        {
            nint channel = Math.Min(place, row.Channels - TVector.Width);
            ref float source = ref Unsafe.Add(ref row.Source, row.FirstSource + channel);
            nint weight = row.FirstWeight + channel;
            nint from = 0;
            TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            for (nint y = row.Rows; y > 0; y--)
            {
                ref float w = ref Unsafe.Add(ref row.Weights, weight);
                TVector w0 = TVector.Load(ref w);
                w = ref Unsafe.Add(ref w, weightStep);
                TVector w1 = TVector.Load(ref w);
                w = ref Unsafe.Add(ref w, weightStep);
                TVector w2 = TVector.Load(ref w);
                TVector w3 = default, w4 = default, w5 = default, w6 = default;
                if (TKernel.Value > 3)
                {
                    w = ref Unsafe.Add(ref w, weightStep);
                    w3 = TVector.Load(ref w);
                    w = ref Unsafe.Add(ref w, weightStep);
                    w4 = TVector.Load(ref w);
                }

                if (TKernel.Value > 5)
                {
                    w = ref Unsafe.Add(ref w, weightStep);
                    w5 = TVector.Load(ref w);
                    w = ref Unsafe.Add(ref w, weightStep);
                    w6 = TVector.Load(ref w);
                }

                nint at = from;
                if (!TClip.Value || first == 0)
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TVector.MultiplyAdd(x, w0, s0);
                    at += step;
                }

                if (!TClip.Value || (uint)(1 - first) < (uint)count)
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TVector.MultiplyAdd(x, w1, s0);
                    s1 = TVector.MultiplyAdd(x, w0, s1);
                    at += step;
                }

                if (!TClip.Value || (uint)(2 - first) < (uint)count)
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TVector.MultiplyAdd(x, w2, s0);
                    s1 = TVector.MultiplyAdd(x, w1, s1);
                    s2 = TVector.MultiplyAdd(x, w0, s2);
                    at += step;
                }

                if (!TClip.Value || (uint)(3 - first) < (uint)count)
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s0) : s0;
                    s1 = TVector.MultiplyAdd(x, w2, s1);
                    s2 = TVector.MultiplyAdd(x, w1, s2);
                    s3 = TVector.MultiplyAdd(x, w0, s3);
                    at += step;
                }

                if (!TClip.Value || (uint)(4 - first) < (uint)count)
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s0) : s0;
                    s1 = TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s1) : s1;
                    s2 = TVector.MultiplyAdd(x, w2, s2);
                    s3 = TVector.MultiplyAdd(x, w1, s3);
                    s4 = TPixels.Value > 4 ? TVector.MultiplyAdd(x, w0, s4) : s4;
                    at += step;
                }

                if (!TClip.Value || (uint)(5 - first) < (uint)count)
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s0) : s0;
                    s1 = TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s1) : s1;
                    s2 = TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s2) : s2;
                    s3 = TVector.MultiplyAdd(x, w2, s3);
                    s4 = TPixels.Value > 4 ? TVector.MultiplyAdd(x, w1, s4) : s4;
                    s5 = TPixels.Value > 5 ? TVector.MultiplyAdd(x, w0, s5) : s5;
                    at += step;
                }

                if (6 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(6 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s0) : s0;
                    s1 = TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s1) : s1;
                    s2 = TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s2) : s2;
                    s3 = TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s3) : s3;
                    s4 = TPixels.Value > 4 ? TVector.MultiplyAdd(x, w2, s4) : s4;
                    s5 = TPixels.Value > 5 ? TVector.MultiplyAdd(x, w1, s5) : s5;
                    s6 = TPixels.Value > 6 ? TVector.MultiplyAdd(x, w0, s6) : s6;
                    at += step;
                }

                if (7 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(7 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s1 = TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s1) : s1;
                    s2 = TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s2) : s2;
                    s3 = TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s3) : s3;
                    s4 = TPixels.Value > 4 && TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s4) : s4;
                    s5 = TPixels.Value > 5 ? TVector.MultiplyAdd(x, w2, s5) : s5;
                    s6 = TPixels.Value > 6 ? TVector.MultiplyAdd(x, w1, s6) : s6;
                    s7 = TPixels.Value > 7 ? TVector.MultiplyAdd(x, w0, s7) : s7;
                    at += step;
                }

                if (8 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(8 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s2 = TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s2) : s2;
                    s3 = TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s3) : s3;
                    s4 = TPixels.Value > 4 && TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s4) : s4;
                    s5 = TPixels.Value > 5 && TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s5) : s5;
                    s6 = TPixels.Value > 6 ? TVector.MultiplyAdd(x, w2, s6) : s6;
                    s7 = TPixels.Value > 7 ? TVector.MultiplyAdd(x, w1, s7) : s7;
                    at += step;
                }

                if (9 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(9 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s3 = TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s3) : s3;
                    s4 = TPixels.Value > 4 && TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s4) : s4;
                    s5 = TPixels.Value > 5 && TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s5) : s5;
                    s6 = TPixels.Value > 6 && TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s6) : s6;
                    s7 = TPixels.Value > 7 ? TVector.MultiplyAdd(x, w2, s7) : s7;
                    at += step;
                }

                if (10 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(10 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s4 = TPixels.Value > 4 && TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s4) : s4;
                    s5 = TPixels.Value > 5 && TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s5) : s5;
                    s6 = TPixels.Value > 6 && TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s6) : s6;
                    s7 = TPixels.Value > 7 && TKernel.Value > 3 ? TVector.MultiplyAdd(x, w3, s7) : s7;
                    at += step;
                }

                if (11 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(11 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s5 = TPixels.Value > 5 && TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s5) : s5;
                    s6 = TPixels.Value > 6 && TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s6) : s6;
                    s7 = TPixels.Value > 7 && TKernel.Value > 4 ? TVector.MultiplyAdd(x, w4, s7) : s7;
                    at += step;
                }

                if (12 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(12 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s6 = TPixels.Value > 6 && TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s6) : s6;
                    s7 = TPixels.Value > 7 && TKernel.Value > 5 ? TVector.MultiplyAdd(x, w5, s7) : s7;
                    at += step;
                }

                if (13 < TPixels.Value + TKernel.Value - 1 && (!TClip.Value || (uint)(13 - first) < (uint)count))
                {
                    TVector x = TVector.Load(ref Unsafe.Add(ref source, at));
                    s7 = TPixels.Value > 7 && TKernel.Value > 6 ? TVector.MultiplyAdd(x, w6, s7) : s7;
                    at += step;
                }

                from += row.SourceRowStep;
                weight += row.WeightRowStep;
            }

            if (row.Steps != EpilogueSteps.None)
            {
                TVector.Store(s0, ref row.Tile[0 * DepthwiseRow.TileStep]);
                TVector.Store(s1, ref row.Tile[1 * DepthwiseRow.TileStep]);
                TVector.Store(s2, ref row.Tile[2 * DepthwiseRow.TileStep]);
                TVector.Store(s3, ref row.Tile[3 * DepthwiseRow.TileStep]);
                TVector.Store(s4, ref row.Tile[4 * DepthwiseRow.TileStep]);
                TVector.Store(s5, ref row.Tile[5 * DepthwiseRow.TileStep]);
                TVector.Store(s6, ref row.Tile[6 * DepthwiseRow.TileStep]);
                TVector.Store(s7, ref row.Tile[7 * DepthwiseRow.TileStep]);
                row.Finish(TPixels.Value, channel, TVector.Width, (int)(place - channel));
                continue;
            }

            ref float output = ref Unsafe.Add(ref row.Output, row.FirstTarget + channel);
            nint target = row.TargetStep;
            TVector.Store(s0, ref output);
            output = ref Unsafe.Add(ref output, target);
            TVector.Store(s1, ref output);
            output = ref Unsafe.Add(ref output, target);
            TVector.Store(s2, ref output);
            output = ref Unsafe.Add(ref output, target);
            TVector.Store(s3, ref output);
            if (TPixels.Value > 4)
            {
                output = ref Unsafe.Add(ref output, target);
                TVector.Store(s4, ref output);
            }

            if (TPixels.Value > 5)
            {
                output = ref Unsafe.Add(ref output, target);
                TVector.Store(s5, ref output);
            }

            if (TPixels.Value > 6)
            {
                output = ref Unsafe.Add(ref output, target);
                TVector.Store(s6, ref output);
            }

            if (TPixels.Value > 7)
            {
                output = ref Unsafe.Add(ref output, target);
                TVector.Store(s7, ref output);
            }
        }
    }
}
