using System.Collections.Immutable;

namespace Seedance.Onnx.Packs;

/// <summary>An input or output as a graph's file states it.</summary>
/// <param name="ElementType">The type of its elements; null when it is no tensor, or of a type that contracts have no name for.</param>
/// <param name="Lengths">The length of each axis, null for a free one; empty for a scalar, and where the file states no shape.</param>
/// <param name="Description">Type and shape as errors show them: "float32 [B, S, 4]".</param>
public sealed record FileTensor(ElementType? ElementType, ImmutableArray<long?> Lengths, string Description);
