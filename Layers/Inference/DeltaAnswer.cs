using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>What a model says about a frame of which only what changed was computed.</summary>
/// <param name="Label">The class: the first of the most probable ones.</param>
/// <param name="Confidence">How sure the answer is, by the model's criterion.</param>
/// <param name="ChangedShare">The share of the frame's pixels that changed against what is kept of the frames before.</param>
/// <param name="ComputedShare">The share of pixels that were computed anew, over the maps of all layers.</param>
/// <param name="MacsExecuted">Multiply–accumulate operations done for this frame.</param>
/// <param name="MacsDense">Those of the whole network.</param>
/// <param name="Duration">The time that this frame took.</param>
public readonly record struct DeltaAnswer(int Label, float Confidence, double ChangedShare, double ComputedShare, long MacsExecuted, long MacsDense, TimeSpan Duration);
