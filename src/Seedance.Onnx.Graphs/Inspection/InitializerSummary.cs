namespace Seedance.Onnx.Graphs.Inspection;

/// <summary>The initialisers of one element type.</summary>
/// <param name="Type">The type, "float32" for example.</param>
/// <param name="Tensors">How many there are.</param>
/// <param name="Elements">Their elements together.</param>
/// <param name="Bytes">Their bytes together.</param>
public sealed record InitializerSummary(string Type, int Tensors, long Elements, long Bytes);
