using System.Collections.Immutable;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>What a conversion did.</summary>
/// <param name="Converted">Names of the nodes that compute in the new precision.</param>
/// <param name="Kept">Names of the nodes that could have been converted and were asked to stay.</param>
/// <param name="InitializerBytesBefore">Bytes of the main graph's initialisers before.</param>
/// <param name="InitializerBytesAfter">Bytes of the main graph's initialisers after.</param>
public sealed record PrecisionReport(ImmutableArray<string> Converted, ImmutableArray<string> Kept, long InitializerBytesBefore, long InitializerBytesAfter);
