using System.Collections.Immutable;

namespace Seedance.Onnx.Optimization;

/// <summary>What became of a graph or a pack.</summary>
/// <param name="Output">The full path of what was written.</param>
/// <param name="Request">What was asked for.</param>
/// <param name="Graphs">What became of each graph that was rewritten.</param>
public sealed record ModelOptimization(string Output, ModelOptimizationRequest Request, ImmutableArray<GraphOptimization> Graphs);
