using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>What a stream says after a piece of its input.</summary>
/// <param name="Label">The class: the first of the most probable ones.</param>
/// <param name="Confidence">How sure the answer is, by the model's criterion.</param>
/// <param name="IsSure">Whether that is as sure as the stream's budget asks for; always after the last piece that there may be.</param>
/// <param name="IsRead">Whether the network looked at this piece.</param>
/// <param name="Pieces">The number of pieces so far, this one included.</param>
/// <param name="MacsExecuted">Multiply–accumulate operations done for this piece.</param>
/// <param name="Duration">The time that this piece took.</param>
public readonly record struct StreamAnswer(int Label, float Confidence, bool IsSure, bool IsRead, int Pieces, long MacsExecuted, TimeSpan Duration);
