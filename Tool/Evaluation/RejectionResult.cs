namespace ManagedDyn.Tool.Evaluation;

/// <summary>How well inputs of none of the classes are turned away, on the test part at the chosen setting.</summary>
/// <param name="LeastConfidence">The class probability below which an answer is turned away, chosen on the validation part.</param>
/// <param name="OutsideRejected">The share of inputs of none of the classes that are turned away.</param>
/// <param name="InsideRejected">The share of inputs of one of the classes that are turned away.</param>
/// <param name="AnsweredAccuracy">The accuracy among inputs of one of the classes that are answered.</param>
public sealed record RejectionResult(float LeastConfidence, double OutsideRejected, double InsideRejected, double AnsweredAccuracy);
