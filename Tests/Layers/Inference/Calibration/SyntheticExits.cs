using System;
using ManagedDyn.Engine.Execution;
using ManagedDyn.Layers.Inference.Calibration;

namespace ManagedDyn.Tests.Layers.Inference.Calibration;

/// <summary>Logits of exits that get better with depth, on samples that are hard to different degrees; labels follow the stated probabilities.</summary>
internal static class SyntheticExits
{
    public static ExitLogits Make(int exits, int samples, int classes, ulong seed, float temperature = 1f)
    {
        RandomSource random = new(seed);
        RandomStream noise = random.Stream("noise");
        RandomStream choice = random.Stream("choice");
        float[] logits = new float[exits * samples * classes];
        long[] macs = new long[exits * samples];
        int[] labels = new int[samples];
        double[] weights = new double[classes];
        for (int sample = 0; sample < samples; sample++)
        {
            float ease = 4f * choice.Uniform(0, sample, 0);
            int truth = choice.Integer(classes, 0, sample, 1);
            for (int exit = 0; exit < exits; exit++)
            {
                int place = ((exit * samples) + sample) * classes;
                for (int c = 0; c < classes; c++)
                {
                    float signal = c == truth ? ease * (exit + 1) : 0f;
                    logits[place + c] = (signal + noise.Normal(exit, sample, c)) * temperature;
                }

                macs[(exit * samples) + sample] = 100L * (exit + 1) * (exit + 2);
            }

            // The label is drawn from the last exit's own probabilities at the temperature, so that this exit is calibrated exactly there.
            int last = (((exits - 1) * samples) + sample) * classes;
            double sum = 0;
            for (int c = 0; c < classes; c++)
            {
                weights[c] = Math.Exp(logits[last + c] / temperature);
                sum += weights[c];
            }

            double draw = choice.Uniform(0, sample, 2) * sum;
            int label = 0;
            while (label < classes - 1 && draw >= weights[label])
            {
                draw -= weights[label++];
            }

            labels[sample] = label;
        }

        return new ExitLogits(exits, classes, logits, macs, labels);
    }
}
