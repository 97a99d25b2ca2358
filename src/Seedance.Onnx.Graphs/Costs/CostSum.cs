namespace Seedance.Onnx.Graphs.Costs;

/// <summary>What several nodes cost together.</summary>
/// <param name="Key">What they have in common: an operator, or a scope.</param>
/// <param name="Nodes">How many nodes.</param>
/// <param name="MultiplyAdds">Their multiply-adds.</param>
/// <param name="Flops">Their floating-point operations.</param>
/// <param name="BytesMoved">The bytes they move.</param>
/// <param name="Parameters">The elements of their initialisers, each counted once.</param>
/// <param name="PeakActivationBytes">The most bytes of values that must be in memory while any of them runs.</param>
public sealed record CostSum(string Key, int Nodes, long MultiplyAdds, long Flops, long BytesMoved, long Parameters, long PeakActivationBytes);
