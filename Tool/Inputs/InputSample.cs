namespace ManagedDyn.Tool.Inputs;

/// <summary>One input of a model: bytes, to which the model's preprocessing is applied, or values that are taken as they are.</summary>
public sealed record InputSample(string Name, byte[]? Bytes, float[]? Values);
