namespace Seedance.Onnx.Graphs.Fusion;

/// <summary>Scores that are filled in with a large negative number.</summary>
/// <param name="Condition">A truth value for each score, or what broadcasts to it.</param>
/// <param name="Fill">The number, a constant.</param>
/// <param name="FillsWhereTrue">Whether scores are filled in where the condition holds; otherwise where it does not.</param>
internal sealed record AttentionMask(string Condition, string Fill, bool FillsWhereTrue);
