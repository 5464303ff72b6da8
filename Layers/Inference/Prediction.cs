using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>What a network answered for one sample, and what the answer cost.</summary>
/// <param name="Label">The class: the first of the most probable ones.</param>
/// <param name="Confidence">How sure the exit was, by the model's criterion.</param>
/// <param name="ExitIndex">The exit that answered, from 0.</param>
/// <param name="MacsExecuted">Multiply–accumulate operations done for this sample.</param>
/// <param name="MacsDense">What the whole network takes for one sample, all exits included.</param>
/// <param name="Duration">The time from the call to this sample's answer; in a batch it includes the samples that ran beside and before it.</param>
public readonly record struct Prediction(int Label, float Confidence, int ExitIndex, long MacsExecuted, long MacsDense, TimeSpan Duration);
