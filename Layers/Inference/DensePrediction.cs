using System;

namespace ManagedDyn.Layers.Inference;

/// <summary>What an answer for each pixel took.</summary>
/// <param name="MacsExecuted">MACs executed, those of the overlap of tiles included.</param>
/// <param name="MacsDense">MACs of the whole network on all pixels, without tiles.</param>
/// <param name="RefinedPixels">Pixels that the expensive pass computed.</param>
/// <param name="Tiles">The number of tiles; 1: the image was run whole.</param>
/// <param name="TileSide">The most rows and columns that a tile answers for.</param>
/// <param name="Duration">The time.</param>
public readonly record struct DensePrediction(long MacsExecuted, long MacsDense, long RefinedPixels, int Tiles, int TileSide, TimeSpan Duration);
