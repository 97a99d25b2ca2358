using Seedance.Onnx.Execution;

namespace Seedance.Onnx.Ort;

/// <summary>What TensorRT must know to build the engines of a graph, beside its options.</summary>
/// <param name="Shapes">The shapes that they are built for.</param>
/// <param name="Folder">Where they are kept, reserved for this process; null for nowhere.</param>
public sealed record EngineSetup(ShapeProfile Shapes, string? Folder);
