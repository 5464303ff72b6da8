using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using ManagedDyn.Engine.Kernels.MatrixMultiply;

namespace ManagedDyn.Engine.Kernels.Convolution;

/// <summary>
/// The inner loop of a depthwise convolution with stride 2 for pixels side by side: each input vector is loaded once and meets the weights of
/// every pixel that it is a tap of. Each sum is one chain of multiply-adds, taps ascending, whatever the number of pixels.
/// </summary>
/// <remarks>References are used without bounds checks; <see cref="DepthwiseRow"/> says why they hold.</remarks>
internal readonly struct DepthwiseStride2 : IDepthwiseStride
{
    public static int Value => 2;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Run<TPixels, TKernel, TClip>(scoped ref DepthwiseRow row)
        where TPixels : struct, IExtent
        where TKernel : struct, IExtent
        where TClip : struct, IFlag
    {
        nint step = row.SourceStep;
        nint weightStep = row.WeightStep;
        int first = row.FirstColumn;
        int count = row.ColumnCount;
        for (nint place = row.Channel; place < row.EndChannel; place += Vector<float>.Count)
        {
            nint channel = Math.Min(place, row.Channels - Vector<float>.Count);
            ref float source = ref Unsafe.Add(ref row.Source, row.FirstSource + channel);
            nint weight = row.FirstWeight + channel;
            nint from = 0;
            Vector<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            for (nint y = row.Rows; y > 0; y--)
            {
                ref float w = ref Unsafe.Add(ref row.Weights, weight);
                Vector<float> w0 = Vector.LoadUnsafe(ref w);
                w = ref Unsafe.Add(ref w, weightStep);
                Vector<float> w1 = Vector.LoadUnsafe(ref w);
                w = ref Unsafe.Add(ref w, weightStep);
                Vector<float> w2 = Vector.LoadUnsafe(ref w);
                Vector<float> w3 = default, w4 = default, w5 = default, w6 = default;
                if (TKernel.Value > 3)
                {
                    w = ref Unsafe.Add(ref w, weightStep);
                    w3 = Vector.LoadUnsafe(ref w);
                    w = ref Unsafe.Add(ref w, weightStep);
                    w4 = Vector.LoadUnsafe(ref w);
                }

                if (TKernel.Value > 5)
                {
                    w = ref Unsafe.Add(ref w, weightStep);
                    w5 = Vector.LoadUnsafe(ref w);
                    w = ref Unsafe.Add(ref w, weightStep);
                    w6 = Vector.LoadUnsafe(ref w);
                }

                nint at = from;
                if (!TClip.Value || first == 0)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = Vector.MultiplyAddEstimate(x, w0, s0);
                    at += step;
                }

                if (!TClip.Value || (uint)(1 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = Vector.MultiplyAddEstimate(x, w1, s0);
                    at += step;
                }

                if (!TClip.Value || (uint)(2 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = Vector.MultiplyAddEstimate(x, w2, s0);
                    s1 = Vector.MultiplyAddEstimate(x, w0, s1);
                    at += step;
                }

                if (!TClip.Value || (uint)(3 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s0) : s0;
                    s1 = Vector.MultiplyAddEstimate(x, w1, s1);
                    at += step;
                }

                if (!TClip.Value || (uint)(4 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s0) : s0;
                    s1 = Vector.MultiplyAddEstimate(x, w2, s1);
                    s2 = Vector.MultiplyAddEstimate(x, w0, s2);
                    at += step;
                }

                if (!TClip.Value || (uint)(5 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s0) : s0;
                    s1 = TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s1) : s1;
                    s2 = Vector.MultiplyAddEstimate(x, w1, s2);
                    at += step;
                }

                if (!TClip.Value || (uint)(6 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s0 = TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s0) : s0;
                    s1 = TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s1) : s1;
                    s2 = Vector.MultiplyAddEstimate(x, w2, s2);
                    s3 = Vector.MultiplyAddEstimate(x, w0, s3);
                    at += step;
                }

                if (!TClip.Value || (uint)(7 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s1 = TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s1) : s1;
                    s2 = TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s2) : s2;
                    s3 = Vector.MultiplyAddEstimate(x, w1, s3);
                    at += step;
                }

                if (!TClip.Value || (uint)(8 - first) < (uint)count)
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s1 = TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s1) : s1;
                    s2 = TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s2) : s2;
                    s3 = Vector.MultiplyAddEstimate(x, w2, s3);
                    s4 = TPixels.Value > 4 ? Vector.MultiplyAddEstimate(x, w0, s4) : s4;
                    at += step;
                }

                if (9 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(9 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s2 = TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s2) : s2;
                    s3 = TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s3) : s3;
                    s4 = TPixels.Value > 4 ? Vector.MultiplyAddEstimate(x, w1, s4) : s4;
                    at += step;
                }

                if (10 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(10 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s2 = TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s2) : s2;
                    s3 = TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s3) : s3;
                    s4 = TPixels.Value > 4 ? Vector.MultiplyAddEstimate(x, w2, s4) : s4;
                    s5 = TPixels.Value > 5 ? Vector.MultiplyAddEstimate(x, w0, s5) : s5;
                    at += step;
                }

                if (11 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(11 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s3 = TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s3) : s3;
                    s4 = TPixels.Value > 4 && TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s4) : s4;
                    s5 = TPixels.Value > 5 ? Vector.MultiplyAddEstimate(x, w1, s5) : s5;
                    at += step;
                }

                if (12 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(12 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s3 = TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s3) : s3;
                    s4 = TPixels.Value > 4 && TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s4) : s4;
                    s5 = TPixels.Value > 5 ? Vector.MultiplyAddEstimate(x, w2, s5) : s5;
                    s6 = TPixels.Value > 6 ? Vector.MultiplyAddEstimate(x, w0, s6) : s6;
                    at += step;
                }

                if (13 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(13 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s4 = TPixels.Value > 4 && TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s4) : s4;
                    s5 = TPixels.Value > 5 && TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s5) : s5;
                    s6 = TPixels.Value > 6 ? Vector.MultiplyAddEstimate(x, w1, s6) : s6;
                    at += step;
                }

                if (14 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(14 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s4 = TPixels.Value > 4 && TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s4) : s4;
                    s5 = TPixels.Value > 5 && TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s5) : s5;
                    s6 = TPixels.Value > 6 ? Vector.MultiplyAddEstimate(x, w2, s6) : s6;
                    s7 = TPixels.Value > 7 ? Vector.MultiplyAddEstimate(x, w0, s7) : s7;
                    at += step;
                }

                if (15 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(15 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s5 = TPixels.Value > 5 && TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s5) : s5;
                    s6 = TPixels.Value > 6 && TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s6) : s6;
                    s7 = TPixels.Value > 7 ? Vector.MultiplyAddEstimate(x, w1, s7) : s7;
                    at += step;
                }

                if (16 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(16 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s5 = TPixels.Value > 5 && TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s5) : s5;
                    s6 = TPixels.Value > 6 && TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s6) : s6;
                    s7 = TPixels.Value > 7 ? Vector.MultiplyAddEstimate(x, w2, s7) : s7;
                    at += step;
                }

                if (17 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(17 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s6 = TPixels.Value > 6 && TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s6) : s6;
                    s7 = TPixels.Value > 7 && TKernel.Value > 3 ? Vector.MultiplyAddEstimate(x, w3, s7) : s7;
                    at += step;
                }

                if (18 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(18 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s6 = TPixels.Value > 6 && TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s6) : s6;
                    s7 = TPixels.Value > 7 && TKernel.Value > 4 ? Vector.MultiplyAddEstimate(x, w4, s7) : s7;
                    at += step;
                }

                if (19 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(19 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s7 = TPixels.Value > 7 && TKernel.Value > 5 ? Vector.MultiplyAddEstimate(x, w5, s7) : s7;
                    at += step;
                }

                if (20 < ((TPixels.Value - 1) * 2) + TKernel.Value && (!TClip.Value || (uint)(20 - first) < (uint)count))
                {
                    Vector<float> x = Vector.LoadUnsafe(ref Unsafe.Add(ref source, at));
                    s7 = TPixels.Value > 7 && TKernel.Value > 6 ? Vector.MultiplyAddEstimate(x, w6, s7) : s7;
                    at += step;
                }

                from += row.SourceRowStep;
                weight += row.WeightRowStep;
            }

            if (row.Steps != EpilogueSteps.None || place != channel)
            {
                row.Tile[0] = s0;
                row.Tile[1] = s1;
                row.Tile[2] = s2;
                row.Tile[3] = s3;
                row.Tile[4] = s4;
                row.Tile[5] = s5;
                row.Tile[6] = s6;
                row.Tile[7] = s7;
                row.Finish(TPixels.Value, channel, (int)(place - channel));
                continue;
            }

            ref float output = ref Unsafe.Add(ref row.Output, row.FirstTarget + channel);
            nint target = row.TargetStep;
            s0.StoreUnsafe(ref output);
            output = ref Unsafe.Add(ref output, target);
            s1.StoreUnsafe(ref output);
            output = ref Unsafe.Add(ref output, target);
            s2.StoreUnsafe(ref output);
            output = ref Unsafe.Add(ref output, target);
            s3.StoreUnsafe(ref output);
            if (TPixels.Value > 4)
            {
                output = ref Unsafe.Add(ref output, target);
                s4.StoreUnsafe(ref output);
            }

            if (TPixels.Value > 5)
            {
                output = ref Unsafe.Add(ref output, target);
                s5.StoreUnsafe(ref output);
            }

            if (TPixels.Value > 6)
            {
                output = ref Unsafe.Add(ref output, target);
                s6.StoreUnsafe(ref output);
            }

            if (TPixels.Value > 7)
            {
                output = ref Unsafe.Add(ref output, target);
                s7.StoreUnsafe(ref output);
            }
        }
    }
}
