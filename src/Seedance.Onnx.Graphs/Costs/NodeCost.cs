namespace Seedance.Onnx.Graphs.Costs;

/// <summary>What one run of a node costs.</summary>
/// <param name="Name">The node's name; may be empty.</param>
/// <param name="Operator">Its operator, with the domain in front when it is not ONNX's own: "MatMul", "com.microsoft.MultiHeadAttention".</param>
/// <param name="MultiplyAdds">Products that are summed, in matrix products, convolutions and attention; papers count models by these.</param>
/// <param name="Flops">Floating-point operations: two for each multiply-add, and what elementwise operators, reductions and pooling do.</param>
/// <param name="BytesMoved">Bytes that it reads and writes if each input and output is moved once; 0 for what is only seen differently, as by Reshape.</param>
/// <param name="Parameters">Elements of the weights that it is the first to read: initialisers and Constants that are neither whole numbers nor truth values.</param>
/// <param name="ActivationBytes">Bytes of values that must be in memory while it runs: its inputs, its outputs, and what later nodes still need; no initialisers.</param>
/// <param name="IsKnown">Whether all its shapes are known; the other numbers leave out what is not.</param>
public sealed record NodeCost(string Name, string Operator, long MultiplyAdds, long Flops, long BytesMoved, long Parameters, long ActivationBytes, bool IsKnown);
