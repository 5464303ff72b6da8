using System;

namespace ManagedDyn.Engine.Kernels;

/// <summary>The steps of an <see cref="Epilogue"/> that are to be taken.</summary>
[Flags]
internal enum EpilogueSteps
{
    None = 0,
    Scale = 1,
    Shift = 2,
    Residual = 4,
    Relu = 8,

    /// <summary>Not a step of the epilogue itself: columns that are not selected keep what the output holds.</summary>
    Mask = 16,
}
